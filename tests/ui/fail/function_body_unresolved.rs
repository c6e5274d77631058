use dcache::dcache;

#[dcache]
async fn f(n: u64) -> u64 {
    n + missing
}

fn main() {}
