use dcache::dcache;

#[dcache(write = backround)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
