use std::sync::atomic::{AtomicU32, Ordering};

use dcache::{async_trait, dcache};

static BODIES: AtomicU32 = AtomicU32::new(0);

#[async_trait]
trait Price {
    async fn of(&self, sku: String, more: &[u8]) -> u32;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u32);

// `async_trait` comes first, then the defaults of the block
#[async_trait]
#[dcache(ttl = "1h")]
impl Price for Shop {
    #[dcache]
    async fn of(&self, sku: String, more: &[u8]) -> u32 {
        std::future::ready(sku).await;
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0 + more.len() as u32
    }
}

// without `Send`
#[async_trait(?Send)]
trait Local {
    async fn number(&self, n: u32) -> u32;
}

#[async_trait(?Send)]
impl Local for Shop {
    #[dcache]
    async fn number(&self, n: u32) -> u32 {
        let shared = std::rc::Rc::new(n);
        std::future::ready(()).await;
        BODIES.fetch_add(1, Ordering::SeqCst) + *shared
    }
}

pub(crate) fn main() {
    pollster::block_on(async {
        assert_eq!(Shop(1).of("a".into(), b"x").await, Shop(1).of("a".into(), b"x").await);
        assert_eq!(Shop(1).of_cache("a".into(), b"x").peek().await, Some(2));
        assert_eq!(Shop(1).number(1).await, Shop(1).number(1).await);
    });
    assert_eq!(BODIES.load(Ordering::SeqCst), 2);
}
