use dcache::dcache;

#[dcache(codec = bincode)]
fn f(n: u64) -> u64 {
    n
}

#[dcache(codec = postcard)]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
