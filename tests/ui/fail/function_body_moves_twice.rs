use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn price(&self, sku: String) -> String {
        drop(sku);
        sku
    }
}

fn main() {}
