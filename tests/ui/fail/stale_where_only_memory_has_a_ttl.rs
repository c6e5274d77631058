use dcache::dcache;

#[dcache(backend = memory(ttl = "1m"), stale_while_revalidate = "10m")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
