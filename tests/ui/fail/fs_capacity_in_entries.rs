use dcache::dcache;

#[dcache(backend = [memory, fs(capacity = 10)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
