use dcache::dcache;

trait Shop {
    #[dcache]
    fn price(&self, sku: &str) -> u64;
}

fn main() {}
