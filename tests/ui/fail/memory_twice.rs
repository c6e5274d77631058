use dcache::dcache;

#[dcache(backend = [memory, redis, memory(ttl = "30s")])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
