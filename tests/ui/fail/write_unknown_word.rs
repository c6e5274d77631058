use dcache::dcache;

#[dcache(write = later)]
fn f(n: u64) -> u64 {
    n
}

#[dcache(write = "background")]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
