use dcache::dcache;

#[dcache(backend = [memory, s3("bucket/prefix")])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
