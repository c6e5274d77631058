use dcache::dcache;

#[dcache]
struct Page;

#[dcache]
impl Page {}

#[dcache]
mod pages {}

fn main() {}
