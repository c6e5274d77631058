use dcache::dcache;

#[dcache]
fn f(make: impl Fn() -> u64) -> u64 {
    make()
}

#[dcache]
fn g(make: &dyn Fn() -> u64) -> u64 {
    make()
}

fn main() {}
