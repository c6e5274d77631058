use dcache::dcache;

use dcache::Cache;

#[dcache(cache = cache, skip(cache), stale_if_error = "1d")]
fn f(cache: &Cache<(u64,), u64>, n: u64) -> Result<u64, String> {
    let _ = cache;
    Ok(n)
}

fn main() {}
