use dcache::dcache;

#[dcache(max_size = "1000")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
