use dcache::dcache;

#[dcache(ttl = "1h", refresh_ahead = 1.0)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
