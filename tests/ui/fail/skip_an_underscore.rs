use dcache::dcache;

#[dcache(skip(_))]
fn f(_: u64, n: u64) -> u64 {
    n
}

fn main() {}
