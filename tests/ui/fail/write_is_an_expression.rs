use dcache::dcache;

#[dcache(write = (background))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
