use dcache::dcache;

#[dcache(backend = memory(timeout = "1s"))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
