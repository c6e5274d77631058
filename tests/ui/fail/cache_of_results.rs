use dcache::dcache;

#[dcache(cache = cache, skip(cache))]
fn f(cache: &dcache::Cache<(u64,), Result<u64, String>>, n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {}
