use dcache::dcache;

#[dcache(backend = memory(capacity = "1MiB"))]
fn f(n: u64) -> Page {
    Page(n)
}

#[derive(Clone)]
struct Page(u64);

fn main() {}
