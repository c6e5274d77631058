use dcache::dcache;

#[derive(Clone)]
struct Page;

#[dcache(backend = [memory, fs])]
fn f(_: u64) -> Page {
    Page
}

fn main() {}
