use dcache::dcache;

use dcache::async_trait;

struct Shop;

#[async_trait]
trait Price {
    async fn of(&self, n: u64) -> u64;
}

#[async_trait]
impl Price for Shop {
    #[dcache]
    async fn of(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
