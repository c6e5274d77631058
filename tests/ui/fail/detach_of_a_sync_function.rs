use dcache::dcache;

#[dcache(detach)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
