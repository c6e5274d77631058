use dcache::dcache;

#[dcache(backend = [memory, tier("shelf")])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
