use dcache::dcache;

#[dcache(ttl = "99999999999999999999d")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
