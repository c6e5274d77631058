use dcache::dcache;

#[dcache(backend = fs, seal)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
