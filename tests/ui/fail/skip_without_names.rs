use dcache::dcache;

#[dcache(skip())]
fn f(n: u64) -> u64 {
    n
}

#[dcache(skip = n)]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
