use dcache::dcache;

#[dcache(ttl = "90")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
