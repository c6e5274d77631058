use dcache::dcache;

#[dcache(ttl = "1h", stale_if_error = "1d", soft_timeout = "0s")]
async fn f(n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {}
