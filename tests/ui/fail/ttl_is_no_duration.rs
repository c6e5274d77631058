use dcache::dcache;

#[dcache(ttl = String::new())]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
