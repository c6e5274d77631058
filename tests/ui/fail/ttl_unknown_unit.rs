use dcache::dcache;

#[dcache(ttl = "3 fortnights")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
