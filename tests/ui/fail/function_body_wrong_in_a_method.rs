use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn price(&self, n: u64) -> String {
        n
    }

    #[dcache(skip(self))]
    async fn waits(&self, n: u64) -> String {
        n
    }
}

fn main() {}
