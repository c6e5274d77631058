use dcache::dcache;

#[dcache(bypass_if = m == 0)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
