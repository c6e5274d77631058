use dcache::dcache;

#[dcache(name = "")]
fn f(n: u64) -> u64 {
    n
}

#[dcache(name = f)]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
