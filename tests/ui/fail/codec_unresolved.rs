use dcache::dcache;

#[dcache(backend = [memory, fs], codec = crate::Gzip)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
