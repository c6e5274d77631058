use dcache::dcache;

#[dcache(ttl = "never", stale_while_revalidate = "10m")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
