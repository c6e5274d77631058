use dcache::dcache;

#[dcache(crate = "dcache")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
