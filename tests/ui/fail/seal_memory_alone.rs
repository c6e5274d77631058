use dcache::dcache;

const KEY: [u8; 32] = [7; 32];

#[dcache(seal = KEY)]
fn without_a_backend(n: u64) -> u64 {
    n
}

#[dcache(backend = memory(capacity = 10), seal = KEY)]
fn in_memory(n: u64) -> u64 {
    n
}

fn main() {}
