use dcache::dcache;

#[dcache]
fn f(n: u64) -> u64 {
    std::future::ready(n).await
}

fn main() {}
