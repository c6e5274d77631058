use dcache::dcache;

#[dcache]
fn f(n: u64) -> u64 {
    n
}

fn uses() -> String {
    f::key(1)
}

fn main() {}
