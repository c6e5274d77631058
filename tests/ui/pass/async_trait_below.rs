use std::sync::atomic::{AtomicU32, Ordering};

use dcache::{async_trait, dcache};

static BODIES: AtomicU32 = AtomicU32::new(0);

#[async_trait]
trait Price {
    async fn of(&self, sku: &str) -> Result<u32, String>;
    async fn count(n: u32) -> u32;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u32);

// the block's attribute comes first, and sees `async fn`
#[dcache(ttl = "1h")]
#[async_trait]
impl Price for Shop {
    #[dcache]
    async fn of(&self, sku: &str) -> Result<u32, String> {
        let first = sku.chars().next().ok_or("no sku")?;
        std::future::ready(first).await;
        Ok(BODIES.fetch_add(1, Ordering::SeqCst) + self.0)
    }

    #[dcache]
    async fn count(n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + n
    }
}

pub(crate) fn main() {
    pollster::block_on(async {
        assert_eq!(Shop(1).of("a").await, Shop(1).of("a").await);
        assert!(Shop(1).of("").await.is_err());
        assert_eq!(Shop::count(1).await, Shop::count(1).await);
        assert_eq!(Shop(1).of_cache("a").peek().await, Some(1));
    });
    assert_eq!(BODIES.load(Ordering::SeqCst), 2);
}
