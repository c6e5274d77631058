use std::sync::atomic::{AtomicU32, Ordering};

use dcache::dcache;

static BODIES: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u32);

#[dcache(ttl = "1h")]
impl Shop {
    #[dcache]
    fn price(&self, sku: &str) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst);
        self.0 + sku.len() as u32
    }

    #[dcache(skip(self, db))]
    async fn stock(&self, db: &str, sku: &str, more: Option<&str>) -> Result<u32, String> {
        let _ = more;
        if sku.is_empty() { Err(db.to_owned()) } else { Ok(sku.len() as u32) }
    }

    #[dcache]
    fn by_value(self, n: u32) -> u32 {
        self.0 + n
    }

    #[dcache]
    fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(&self, value: T) -> T {
        value
    }

    #[dcache(key = "{self.0}/{n}")]
    fn template(&self, n: u32) -> u32 {
        self.0 + n
    }
}

pub(crate) fn main() {
    let shop = Shop(1);
    let price = shop.price_cache("abc");
    assert_eq!(price.peek(), None);
    assert_eq!(shop.price("abc"), 4);
    assert_eq!(price.peek(), Some(4));
    assert!(price.entry().unwrap().remaining.is_some());
    price.put(9).unwrap();
    assert_eq!((shop.price("abc"), Shop(2).price("abc")), (9, 5));
    price.clone().invalidate().unwrap();
    assert_eq!((price.peek(), shop.price("abc")), (None, 4));
    assert_eq!(price.cache().stats().computes, 3);
    price.cache().clear().unwrap();
    assert_eq!(shop.price_cache("abc").peek(), None);
    pollster::block_on(async {
        let stock = shop.stock_cache("a", None);
        stock.put(7).await.unwrap();
        assert_eq!(shop.stock("db", "a", None).await, Ok(7));
        stock.invalidate().await.unwrap();
        assert_eq!(shop.stock("db", "a", None).await, Ok(1));
        assert!(shop.stock("db", "", None).await.is_err());
        assert_eq!(shop.stock_cache("", None).peek().await, None);
        stock.cache().clear().await.unwrap();
    });
    assert_eq!(shop.clone().by_value(1), 2);
    assert_eq!(shop.by_value_cache(1).peek(), Some(2));
    assert_eq!(shop.generic("a"), "a");
    assert_eq!((shop.generic_cache("a").peek(), shop.generic_cache('a').peek()), (Some("a"), None));
    assert_eq!(shop.template(2), 3);
    assert!(shop.template_cache(2).key().unwrap().ends_with("1/2"));
}
