use dcache::dcache;

#[dcache(backend = [memory, reddis])]
fn f(n: u64) -> u64 {
    n
}

#[dcache(backend = memcached)]
fn g(n: u64) -> u64 {
    n
}

fn main() {}
