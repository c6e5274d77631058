use dcache::dcache;

struct Shop;

trait Price {
    fn of(&self, sku: &str) -> u64;
}

impl Price for Shop {
    #[dcache]
    fn of(&self, sku: &str) -> u64 {
        sku.len() as u64
    }
}

fn main() {}
