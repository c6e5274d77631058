use dcache::dcache;

#[dcache(backend = fs, seal = || [7; 32])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
