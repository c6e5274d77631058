use dcache::dcache;

#[dcache]
const N: u64 = 1;

fn main() {}
