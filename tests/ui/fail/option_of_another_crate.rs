use dcache::dcache;

#[dcache(time = 60)]
fn a(n: u64) -> u64 {
    n
}

#[dcache(size = 100)]
fn b(n: u64) -> u64 {
    n
}

#[dcache(sync_writes = true)]
fn c(n: u64) -> u64 {
    n
}

fn main() {}
