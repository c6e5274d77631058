use dcache::dcache;

#[dcache(ttl = "2 months")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
