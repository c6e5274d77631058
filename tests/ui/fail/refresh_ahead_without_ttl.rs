use dcache::dcache;

#[dcache(refresh_ahead = 0.1)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
