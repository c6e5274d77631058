use dcache::dcache;

type Fallible = Result<u64, String>;

#[dcache(ttl = "1h", stale_if_error = "1d")]
fn f(n: u64) -> Fallible {
    Ok(n)
}

fn main() {}
