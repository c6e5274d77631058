use dcache::dcache;

#[dcache(ttl = "90s", name = "f", ttl = "1h")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
