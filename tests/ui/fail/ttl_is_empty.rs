use dcache::dcache;

#[dcache(ttl = "")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
