use dcache::dcache;

#[dcache(backend = memory(capacity = 10, weight = |n: &u64| *n as usize))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
