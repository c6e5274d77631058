use dcache::dcache;

#[dcache]
fn f(n: u64) -> ! {
    panic!("{n}")
}

fn main() {}
