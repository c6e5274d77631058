use dcache::dcache;

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
async fn f(n: u64) -> u64 {
    n
}

fn main() {}
