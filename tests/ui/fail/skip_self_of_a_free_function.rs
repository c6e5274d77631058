use dcache::dcache;

#[dcache(skip(self))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
