use dcache::dcache;

#[dcache(backend = [memory, redis, fs, s3], codec = json)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
