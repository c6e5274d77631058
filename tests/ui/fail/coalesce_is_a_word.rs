use dcache::dcache;

#[dcache(coalesce = off)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
