use dcache::dcache;

struct Page;

#[dcache]
fn f(_: u64) -> Page {
    Page
}

fn main() {}
