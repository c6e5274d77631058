use dcache::dcache;

#[dcache(backend = [memory(capacity = 0), fs(capacity = 10)])]
fn f(n: u64) -> u64 {
    n
}

#[dcache(backend = memory(capacity = 10, weight = |n: &u64| *n as usize))]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
