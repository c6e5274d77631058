use dcache::dcache;

#[dcache]
fn price(n: u64) -> u64 {
    n
}

mod price {}

fn main() {}
