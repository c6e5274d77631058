use dcache::dcache;

#[dcache(ttl = |value| *value)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
