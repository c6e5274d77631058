use dcache::dcache;

#[dcache]
fn f(n: u64) -> Result<String, u8> {
    Ok(n.to_string())
}

fn uses() {
    f::put(1, Ok("one".to_owned())).unwrap();
}

fn main() {}
