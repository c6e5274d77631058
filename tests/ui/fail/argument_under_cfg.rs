use dcache::dcache;

#[dcache]
fn f(n: u64, #[cfg(any())] m: u64) -> u64 {
    n
}

fn main() {}
