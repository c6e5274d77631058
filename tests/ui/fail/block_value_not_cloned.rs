use dcache::dcache;

struct Shop;

struct Page;

#[dcache(ttl = "1h", skip(self))]
impl Shop {
    #[dcache]
    fn page(&self, n: u64) -> Page {
        let _ = n;
        Page
    }
}

fn main() {}
