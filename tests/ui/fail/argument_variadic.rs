use dcache::dcache;

#[dcache]
unsafe extern "C" fn f(n: u64, ...) -> u64 {
    n
}

fn main() {}
