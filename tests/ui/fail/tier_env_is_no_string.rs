use dcache::dcache;

#[dcache(backend = [memory, redis(env = CACHE_URL)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
