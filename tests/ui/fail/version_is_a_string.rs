use dcache::dcache;

#[dcache(version = "2")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
