use dcache::dcache;

#[dcache]
fn f(n: u64) -> u64 {
    n
}

fn uses() {
    f::remove(1);
}

fn main() {}
