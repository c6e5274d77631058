use dcache::dcache;

#[dcache]
async fn f(n: u64) -> u64 {
    n
}

async fn uses() {
    let _: Option<u64> = f::peek(1);
}

fn main() {}
