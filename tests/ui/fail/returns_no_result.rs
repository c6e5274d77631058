use dcache::dcache;

#[dcache(result)]
fn f(n: u64) -> Option<u64> {
    Some(n)
}

fn main() {}
