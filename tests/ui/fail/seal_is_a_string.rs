use dcache::dcache;

#[dcache(backend = fs, seal = "correct horse battery staple")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
