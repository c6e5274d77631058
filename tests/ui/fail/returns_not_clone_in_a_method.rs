use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn page(&self, n: u64) -> Page {
        Page(n)
    }

    #[dcache]
    async fn of(n: u64) -> Page {
        Page(n)
    }
}

struct Page(u64);

fn main() {}
