use dcache::dcache;

#[dcache(backend = fs, seal = key, skip(key))]
fn f(n: u64, key: [u8; 32]) -> u64 {
    n + u64::from(key[0])
}

fn main() {}
