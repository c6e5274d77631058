use dcache::dcache;

#[dcache(write = true)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
