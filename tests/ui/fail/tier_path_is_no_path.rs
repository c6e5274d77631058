use dcache::dcache;

#[dcache(backend = [memory, fs(path = 7)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
