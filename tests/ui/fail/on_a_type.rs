use dcache::dcache;

#[dcache]
type Id = u64;

fn main() {}
