use dcache::dcache;

#[dcache(ttl = "0.5ns")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
