use dcache::dcache;

#[dcache(ttl = "1h", stale_if_error = "1d")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
