use dcache::dcache;

#[allow(non_camel_case_types)]
struct page {}

#[dcache]
fn page(n: u64) -> u64 {
    n
}

fn main() {}
