use dcache::dcache;

#[dcache(ttl = "1h", soft_timeout = "50ms")]
async fn f(n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {}
