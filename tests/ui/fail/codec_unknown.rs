use dcache::dcache;

#[dcache(backend = [memory, fs], codec = jsn)]
fn f(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory, fs], codec = "json")]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
