use dcache::dcache;

#[derive(Clone)]
struct Shop {
    id: u64,
}

impl Shop {
    #[dcache]
    async fn price(self, sku: &str) -> u64 {
        self.id + sku.len() as u64
    }
}

fn main() {}
