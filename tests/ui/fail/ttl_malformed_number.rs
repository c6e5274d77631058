use dcache::dcache;

#[dcache(ttl = "1.2.3s")]
fn f(n: u64) -> u64 {
    n
}

#[dcache(ttl = ".5s")]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
