use dcache::dcache;

#[dcache(ttl = never)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
