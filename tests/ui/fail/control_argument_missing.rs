use dcache::dcache;

#[dcache]
fn f(sku: &str, n: u64) -> u64 {
    sku.len() as u64 + n
}

fn uses() {
    f::invalidate("sku").unwrap();
}

fn main() {}
