use dcache::dcache;

#[dcache(cache_if = |value: &u64| *value > n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
