use dcache::dcache;

#[dcache(ttl = 90s)]
fn f(n: u64) -> u64 {
    n
}

#[dcache(name = shop.price)]
fn g(n: u64) -> u64 {
    n
}

#[dcache(max_size = 16MiB)]
fn h(n: u64) -> u64 {
    n
}

fn main() {}
