use dcache::dcache;

#[dcache(result)]
fn f(n: u64) -> Page {
    Page(n)
}

#[derive(Clone)]
struct Page(u64);

fn main() {}
