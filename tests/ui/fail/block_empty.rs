use dcache::dcache;

struct Shop;

#[dcache]
impl Shop {}

fn main() {}
