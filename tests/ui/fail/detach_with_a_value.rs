use dcache::dcache;

#[dcache(detach = "always")]
async fn f(n: u64) -> u64 {
    n
}

fn main() {}
