use dcache::dcache;

#[dcache(backend = 10_000)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
