use dcache::dcache;

struct Pool;

#[dcache(ttl = "1h", refresh_ahead = 0.1, skip(pool))]
fn f(pool: &Pool, n: u64) -> u64 {
    let _ = pool;
    n
}

fn main() {}
