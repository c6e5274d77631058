use dcache::dcache;

struct Pool;

#[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(pool))]
async fn f(pool: &Pool, n: u64) -> u64 {
    let _ = pool;
    n
}

fn main() {}
