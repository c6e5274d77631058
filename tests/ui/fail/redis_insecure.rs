use dcache::dcache;

#[dcache(backend = [memory, redis("rediss://cache.example/#insecure")])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
