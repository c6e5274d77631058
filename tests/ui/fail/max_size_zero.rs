use dcache::dcache;

#[dcache(max_size = "0B")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
