use std::time::Duration;

use dcache::{Cache, dcache};

struct Shop {
    id: u64,
    prices: Cache<(String,), u64>,
    pairs: Cache<(u64, Option<String>), String>,
}

impl Shop {
    fn open(id: u64) -> Self {
        let prices = Cache::builder(format!("prices-{id}")).ttl(Duration::from_secs(60)).build().unwrap();
        let pairs = Cache::builder(format!("pairs-{id}")).build().unwrap();
        Self { id, prices, pairs }
    }

    #[dcache(cache = &self.prices, skip(self))]
    fn price(&self, sku: &str) -> u64 {
        self.id * sku.len() as u64
    }

    #[dcache(cache = &self.pairs, key = (self.id, name), companion = handle)]
    async fn pair(&self, name: Option<&str>) -> Result<String, String> {
        name.map(|name| format!("{name}{}", self.id)).ok_or_else(|| "nobody".to_owned())
    }
}

pub(crate) fn main() {
    let (one, two) = (Shop::open(1), Shop::open(2));
    assert_eq!((one.price("abc"), two.price("abc")), (3, 6));
    assert_eq!(one.prices.blocking().get(&("abc".to_owned(),)), Some(3));
    one.prices.blocking().put(&("abc".to_owned(),), 9).unwrap();
    assert_eq!((one.price("abc"), two.price("abc")), (9, 6));
    pollster::block_on(async {
        assert_eq!(one.pair(Some("a")).await.as_deref(), Ok("a1"));
        assert!(one.pair(None).await.is_err());
        assert_eq!(one.pairs.get(&(1, Some("a".to_owned()))).await.as_deref(), Some("a1"));
        assert_eq!(one.pair_cache(Some("a")).peek().await.as_deref(), Some("a1"));
    });
}
