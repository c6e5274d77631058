use dcache::dcache;

#[dcache(max_size = "99999999999TiB")]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
