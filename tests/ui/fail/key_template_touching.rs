use dcache::dcache;

#[dcache(key = "{a}{b}")]
fn f(a: u64, b: u64) -> u64 {
    a + b
}

#[dcache(key = "sum-{a}-{b}")]
fn g(a: u64, b: u64) -> u64 {
    a + b
}

fn main() {}
