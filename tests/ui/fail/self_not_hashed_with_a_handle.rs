use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(companion = handle)]
    fn price(&self, sku: &str) -> u64 {
        sku.len() as u64
    }
}

fn main() {}
