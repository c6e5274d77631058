use dcache::dcache;

#[dcache(backend = memory(capacity = 10, capacity = 20))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
