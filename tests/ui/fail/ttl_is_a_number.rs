use dcache::dcache;

#[dcache(ttl = SECONDS)]
fn f(n: u64) -> u64 {
    n
}

const SECONDS: u64 = 60;

fn main() {}
