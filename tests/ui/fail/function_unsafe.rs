use dcache::dcache;

#[dcache]
unsafe fn f(n: u64) -> u64 {
    n
}

fn main() {}
