use dcache::dcache;

#[dcache]
static N: u64 = 1;

fn main() {}
