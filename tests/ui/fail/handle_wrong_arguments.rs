use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[dcache(companion = handle, skip(db))]
    fn price(&self, db: &str, sku: &str) -> usize {
        db.len() + sku.len()
    }
}

fn uses() {
    Shop.price_cache("db", "sku").peek();
}

fn main() {}
