use dcache::dcache;

#[dcache(backend = memory(10_000))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
