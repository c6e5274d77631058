use dcache::dcache;

#[dcache(backend = memory(ttl = 30))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
