use dcache::dcache;

#[dcache(version = 99999999999999999999)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
