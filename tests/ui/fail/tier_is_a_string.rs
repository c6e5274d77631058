use dcache::dcache;

#[dcache(backend = "redis")]
fn f(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory, "redis://localhost"])]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
