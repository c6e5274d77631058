use std::sync::atomic::{AtomicU32, Ordering};

use dcache::{async_trait, dcache};

static BODIES: AtomicU32 = AtomicU32::new(0);

#[async_trait]
trait Price: Sync {
    async fn of(&self, sku: &str) -> Result<u32, String>;

    #[dcache(skip(self))]
    async fn by_default(&self, n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + n
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u32);

// `async_trait` comes first, and leaves futures in boxes
#[async_trait]
impl Price for Shop {
    #[dcache(ttl = "1h")]
    async fn of(&self, sku: &str) -> Result<u32, String> {
        let first = sku.chars().next().ok_or("no sku")?;
        std::future::ready(first).await;
        Ok(BODIES.fetch_add(1, Ordering::SeqCst) + self.0)
    }
}

pub(crate) fn main() {
    pollster::block_on(async {
        let shop: Box<dyn Price> = Box::new(Shop(1));
        assert_eq!(shop.of("a").await, shop.of("a").await);
        assert!(shop.of("").await.is_err());
        assert_eq!(shop.by_default(1).await, shop.by_default(1).await);
    });
    assert_eq!(BODIES.load(Ordering::SeqCst), 2);
}
