use dcache::dcache;

#[dcache(bypass_if = n)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
