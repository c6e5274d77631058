use dcache::dcache;

#[dcache(ttl = "1h", retry_after = "5s")]
fn f(n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {}
