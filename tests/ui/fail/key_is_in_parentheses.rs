use dcache::dcache;

#[dcache(key(n))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
