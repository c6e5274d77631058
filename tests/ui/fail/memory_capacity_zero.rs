use dcache::dcache;

#[dcache(backend = memory(capacity = 0))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
