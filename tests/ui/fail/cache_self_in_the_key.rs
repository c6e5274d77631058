use dcache::dcache;

struct Shop {
    prices: dcache::Cache<(String,), u64>,
}

impl Shop {
    #[dcache(cache = &self.prices)]
    fn price(&self, sku: &str) -> u64 {
        sku.len() as u64
    }
}

fn main() {}
