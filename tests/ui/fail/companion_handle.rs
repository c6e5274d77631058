use dcache::dcache;

#[dcache(companion = handle)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
