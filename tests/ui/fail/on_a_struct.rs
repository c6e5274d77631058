use dcache::dcache;

#[dcache]
struct Page;

fn main() {}
