use dcache::dcache;

#[dcache(err_ttl = "5s")]
fn f(n: u64) -> Option<u64> {
    Some(n)
}

fn main() {}
