use dcache::dcache;

#[dcache(backend = [memory, redis(timeout = 100)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
