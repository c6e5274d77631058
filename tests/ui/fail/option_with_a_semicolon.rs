use dcache::dcache;

#[dcache(ttl = "90s"; name = "f")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
