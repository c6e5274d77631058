use dcache::dcache;

#[dcache(backend = [memory, fs(1)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
