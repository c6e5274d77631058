use dcache::dcache;

#[dcache]
fn f(n: u64) -> String {
    n
}

fn main() {}
