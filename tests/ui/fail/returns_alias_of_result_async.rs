use dcache::dcache;

type Fallible<T> = std::result::Result<T, String>;

#[dcache]
async fn f(n: u64) -> Fallible<u64> {
    Ok(n)
}

fn main() {}
