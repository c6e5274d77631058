use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dcache::dcache;

static BODIES: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(String);

impl Shop {
    #[dcache]
    async fn by_reference(&self, sku: &str) -> u32 {
        std::future::ready(sku).await;
        BODIES.fetch_add(1, Ordering::SeqCst)
    }

    #[dcache]
    async fn by_value(self, sku: String) -> Result<u32, String> {
        let first = sku.chars().next().ok_or("no sku")?;
        std::future::ready(first).await;
        Ok(BODIES.fetch_add(1, Ordering::SeqCst))
    }

    #[dcache]
    async fn by_arc(self: Arc<Self>, sku: &str) -> Option<u32> {
        sku.find('a')?;
        Some(BODIES.fetch_add(1, Ordering::SeqCst))
    }

    #[dcache(skip(self))]
    async fn by_mutable_reference(&mut self, sku: &str) -> u32 {
        self.0.push_str(sku);
        BODIES.fetch_add(1, Ordering::SeqCst)
    }
}

pub(crate) fn main() {
    pollster::block_on(async {
        let shop = Shop("rome".to_owned());
        assert_eq!(shop.by_reference("a").await, shop.by_reference("a").await);
        assert_eq!(shop.clone().by_value("a".into()).await, shop.clone().by_value("a".into()).await);
        assert!(shop.clone().by_value(String::new()).await.is_err());
        assert_eq!(Arc::new(shop.clone()).by_arc("a").await, Arc::new(shop.clone()).by_arc("a").await);
        let mut shop = shop;
        assert_eq!(shop.by_mutable_reference("a").await, shop.by_mutable_reference("a").await);
        assert_eq!(shop.0, "romea");
    });
    assert_eq!(BODIES.load(Ordering::SeqCst), 4);
}
