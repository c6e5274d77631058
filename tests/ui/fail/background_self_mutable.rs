use dcache::dcache;

struct Shop {
    asked: u64,
}

impl Shop {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(self))]
    fn price(&mut self, sku: u64) -> u64 {
        self.asked += 1;
        sku
    }
}

fn main() {}
