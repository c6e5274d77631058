use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache]
    fn price(&self, sku: &str) -> usize {
        sku.len()
    }

    #[dcache]
    fn new(_: u64) -> Self {
        Self
    }
}

fn main() {}
