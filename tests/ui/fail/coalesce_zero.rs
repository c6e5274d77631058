use dcache::dcache;

#[dcache(coalesce = "0ms")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
