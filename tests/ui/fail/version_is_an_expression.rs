use dcache::dcache;

#[dcache(version = VERSION + 1)]
fn f(n: u64) -> u64 {
    n
}

const VERSION: u64 = 1;

fn main() {}
