use dcache::dcache;

#[dcache(version = -1)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
