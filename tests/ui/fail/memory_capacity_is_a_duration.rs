use dcache::dcache;

#[dcache(backend = memory(capacity = "10s"))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
