use dcache::dcache;

#[dcache(name = 7)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
