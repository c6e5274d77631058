use dcache::dcache;

#[dcache(backend = [memory, redis(6379), s3(9000)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
