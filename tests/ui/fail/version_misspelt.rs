use dcache::dcache;

#[dcache(version = sources)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
