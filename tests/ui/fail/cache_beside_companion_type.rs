use dcache::dcache;

#[dcache(cache = &CACHE, companion = type)]
fn f(n: u64) -> u64 {
    n
}

static CACHE: std::sync::LazyLock<dcache::Cache<(u64,), u64>> =
    std::sync::LazyLock::new(|| dcache::Cache::builder("f").build().unwrap());

fn main() {}
