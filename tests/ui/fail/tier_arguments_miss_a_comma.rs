use dcache::dcache;

#[dcache(backend = [memory, redis("redis://localhost" ttl = "1h")])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
