use dcache::dcache;

const KEY: [u8; 32] = [7; 32];

#[dcache(backend = tier("shelf"), codec = raw, seal = KEY)]
fn f(n: u64) -> String {
    n.to_string()
}

fn main() {}
