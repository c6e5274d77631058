use dcache::dcache;

#[dcache]
fn char(n: u32) -> u32 {
    n
}

fn main() {}
