use dcache::dcache;

#[dcache(backend = memory(capacity = "1MiB", weight = |n: &u64| *n))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
