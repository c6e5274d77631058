use dcache::dcache;

#[dcache(backend = [memory, fs], codec = raw)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
