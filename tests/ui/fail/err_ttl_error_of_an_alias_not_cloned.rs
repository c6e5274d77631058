use dcache::dcache;

struct Failed;

type Fallible<T> = Result<T, Failed>;

#[dcache(err_ttl = "5s", result)]
fn f(n: u64) -> Fallible<u64> {
    if n > 5 { Err(Failed) } else { Ok(n) }
}

fn main() {}
