use dcache::dcache;

#[dcache(err_ttl = 5)]
fn f(n: u64) -> Result<u64, String> {
    Ok(n)
}

fn main() {}
