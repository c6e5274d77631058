use dcache::dcache;

#[dcache(backend = [memory, fs])]
fn f(n: u64) -> Page {
    Page(n)
}

#[derive(Clone, serde::Serialize)]
struct Page(u64);

fn main() {}
