use dcache::dcache;

#[dcache(result("yes"))]
fn f(n: u64) -> Result<u64, ()> {
    Ok(n)
}

fn main() {}
