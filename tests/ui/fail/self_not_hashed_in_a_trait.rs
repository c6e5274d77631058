use dcache::dcache;

trait Price {
    fn id(&self) -> u64;

    #[dcache]
    fn of(&self, sku: &str) -> u64 {
        self.id() + sku.len() as u64
    }
}

fn main() {}
