use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    async fn price(&self, sku: &str, n: u64) -> u64 {
        sku.len() as u64 + n
    }
}

async fn uses() -> u64 {
    Shop.price("sku").await
}

fn main() {}
