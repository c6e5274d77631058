use dcache::dcache;

#[dcache(key = async { n }.await)]
async fn f(n: u64) -> u64 {
    n
}

fn main() {}
