use dcache::dcache;

#[dcache(cache = cache, skip(cache))]
fn f(cache: &dcache::Cache<(u64,), u64>, n: u64) -> u64 {
    n
}

fn uses() {
    f::clear().unwrap();
}

fn main() {}
