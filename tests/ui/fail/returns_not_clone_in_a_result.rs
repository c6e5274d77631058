use dcache::dcache;

#[dcache]
fn f(n: u64) -> Result<Page, String> {
    Ok(Page(n))
}

struct Page(u64);

fn main() {}
