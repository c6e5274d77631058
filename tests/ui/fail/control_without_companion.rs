use dcache::dcache;

#[dcache(companion = none)]
fn f(n: u64) -> u64 {
    n
}

fn uses() {
    f::clear().unwrap();
}

fn main() {}
