use dcache::dcache;

struct Shop {
    id: u64,
}

impl Shop {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m", key = (self.id, sku))]
    async fn price(&self, sku: u64) -> u64 {
        self.id + sku
    }
}

fn main() {}
