use dcache::dcache;

const KEY: [u8; 32] = [7; 32];

#[dcache(backend = fs, sael = KEY)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
