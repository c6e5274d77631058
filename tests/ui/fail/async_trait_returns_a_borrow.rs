use dcache::dcache;

use dcache::async_trait;

struct Shop(String);

#[async_trait]
trait Price {
    async fn name(&self) -> &str;
}

#[async_trait]
impl Price for Shop {
    #[dcache(skip(self))]
    async fn name(&self) -> &str {
        &self.0
    }
}

fn main() {}
