use dcache::dcache;

#[dcache(backend = [memory redis])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
