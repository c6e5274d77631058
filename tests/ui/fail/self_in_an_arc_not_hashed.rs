use dcache::dcache;

use std::sync::Arc;

struct Shop {
    id: u64,
}

impl Shop {
    #[dcache]
    fn price(self: Arc<Self>, sku: &str) -> u64 {
        self.id + sku.len() as u64
    }
}

fn main() {}
