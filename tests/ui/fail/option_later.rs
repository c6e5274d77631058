use dcache::dcache;

#[dcache(seal = KEY)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
