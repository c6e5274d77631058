use dcache::dcache;

#[derive(Clone)]
struct Result<T>(T);

#[dcache]
fn f(n: u64) -> Result<u64> {
    Result(n)
}

fn main() {}
