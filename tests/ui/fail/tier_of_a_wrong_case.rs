use dcache::dcache;

#[dcache(backend = [Memory, Redis])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
