use dcache::dcache;

struct Shop {
    id: u64,
}

impl Shop {
    #[dcache]
    fn price(&self, sku: &str) -> u64 {
        self.id + sku.len() as u64
    }
}

fn main() {}
