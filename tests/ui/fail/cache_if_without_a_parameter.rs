use dcache::dcache;

#[dcache(cache_if = || true)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
