use dcache::dcache;

#[dcache(backend = [memory, fs], codec = json())]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
