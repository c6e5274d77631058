use dcache::dcache;

#[dcache(tll = "90s")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
