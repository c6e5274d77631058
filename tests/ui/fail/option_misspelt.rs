use dcache::dcache;

#[dcache(backends = memory)]
fn a(n: u64) -> u64 {
    n
}

#[dcache(keys = "{n}")]
fn b(n: u64) -> u64 {
    n
}

#[dcache(cacheif = Option::is_some)]
fn c(n: u64) -> Option<u64> {
    Some(n)
}

#[dcache(max_sise = "1MiB")]
fn d(n: u64) -> u64 {
    n
}

#[dcache(skips(n))]
fn e(n: u64) -> u64 {
    n
}

fn main() {}
