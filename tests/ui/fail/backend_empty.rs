use dcache::dcache;

#[dcache(backend = [])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
