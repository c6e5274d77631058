use dcache::dcache;

#[dcache(companion = struct)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
