use dcache::dcache;

#[dcache(ttl, skip, name = , companion = none)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
