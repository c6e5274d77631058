use dcache::dcache;

#[dcache(max_size = 1.5)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
