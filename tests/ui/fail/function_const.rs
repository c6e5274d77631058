use dcache::dcache;

#[dcache]
const fn f(n: u64) -> u64 {
    n
}

fn main() {}
