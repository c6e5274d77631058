use dcache::dcache;

#[dcache(cache = "quotes")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
