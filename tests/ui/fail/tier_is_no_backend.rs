use dcache::dcache;

#[dcache(backend = [memory, tier(String::new())])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
