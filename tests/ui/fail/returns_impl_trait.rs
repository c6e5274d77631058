use dcache::dcache;

#[dcache]
fn f(n: u64) -> impl Iterator<Item = u64> {
    0..n
}

fn main() {}
