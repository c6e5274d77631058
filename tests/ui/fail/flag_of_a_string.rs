use dcache::dcache;

#[dcache(result = "true")]
fn f(n: u64) -> Result<u64, ()> {
    Ok(n)
}

fn main() {}
