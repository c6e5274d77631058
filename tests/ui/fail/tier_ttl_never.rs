use dcache::dcache;

#[dcache(backend = memory(ttl = "never"))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
