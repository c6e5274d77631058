use dcache::dcache;

#[dcache(cache_if = |n: &u64| *n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
