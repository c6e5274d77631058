use dcache::dcache;

#[dcache(backend = memory(capacity))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
