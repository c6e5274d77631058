use dcache::dcache;

#[dcache(coalesce = 60)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
