use dcache::dcache;

#[dcache(ttl = "1m", jitter = "5m")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
