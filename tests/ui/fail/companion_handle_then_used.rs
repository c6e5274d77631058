use dcache::dcache;

#[dcache(companion = handle)]
fn f(n: u64) -> u64 {
    n
}

fn uses() -> Option<u64> {
    f::peek(1)
}

fn main() {}
