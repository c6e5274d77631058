use dcache::dcache;

#[dcache(skip(a, a))]
fn f(a: u64, n: u64) -> u64 {
    a + n
}

fn main() {}
