use dcache::dcache;

#[dcache(backend = [memory, fs(std::env::temp_dir())])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
