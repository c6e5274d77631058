use dcache::dcache;

#[dcache(cache_if = Result::is_ok)]
fn f(n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {}
