use dcache::dcache;

#[dcache(backend = dcache::Memory)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
