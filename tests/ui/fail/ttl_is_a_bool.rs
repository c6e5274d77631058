use dcache::dcache;

#[dcache(ttl = true)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
