use dcache::dcache;

#[dcache]
#[dcache(ttl = "1h")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
