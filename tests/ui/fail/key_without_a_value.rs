use dcache::dcache;

#[dcache(key = )]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
