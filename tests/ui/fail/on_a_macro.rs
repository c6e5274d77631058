use dcache::dcache;

#[dcache]
macro_rules! price {
    () => {};
}

fn main() {}
