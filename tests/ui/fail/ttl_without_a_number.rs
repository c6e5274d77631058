use dcache::dcache;

#[dcache(ttl = "hour")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
