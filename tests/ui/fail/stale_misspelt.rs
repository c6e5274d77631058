use dcache::dcache;

#[dcache(ttl = "1h", stale_while_revalidated = "10m")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
