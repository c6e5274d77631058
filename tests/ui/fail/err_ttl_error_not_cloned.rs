use dcache::dcache;

#[derive(Debug)]
struct Failed;

#[dcache(err_ttl = "5s")]
fn f(n: u64) -> Result<u64, Failed> {
    if n > 5 { Err(Failed) } else { Ok(n) }
}

fn main() {}
