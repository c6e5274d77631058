use dcache::dcache;

#[dcache(key = n, skip(a))]
fn f(a: u64, n: u64) -> u64 {
    a + n
}

fn main() {}
