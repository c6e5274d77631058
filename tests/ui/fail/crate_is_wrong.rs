use dcache::dcache;

#[dcache(crate = ::cachet)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
