use dcache::dcache;

#[dcache(backend = "memory")]
fn a(n: u64) -> u64 {
    n
}

#[dcache(version = "source")]
fn b(n: u64) -> u64 {
    n
}

#[dcache(coalesce = "false")]
fn c(n: u64) -> u64 {
    n
}

#[dcache(companion = "none")]
fn d(n: u64) -> u64 {
    n
}

#[dcache(skip("n"))]
fn e(n: u64) -> u64 {
    n
}

#[dcache(cache_if = "Option::is_some")]
fn f(n: u64) -> Option<u64> {
    Some(n)
}

#[dcache(backend = [memory, tier("Shelf::open()")], bypass_if = "n == 0")]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
