use dcache::dcache;

#[dcache(backend = [memory, tier(7)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
