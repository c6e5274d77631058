use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[dcache(companion = handle)]
    async fn price(&self, sku: &str) -> usize {
        sku.len()
    }
}

async fn uses() -> Option<usize> {
    Shop.price_cache("sku").peek()
}

fn main() {}
