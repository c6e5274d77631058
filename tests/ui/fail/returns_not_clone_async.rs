use dcache::dcache;

#[dcache]
async fn f(n: u64) -> Page {
    Page(n)
}

struct Page(u64);

fn main() {}
