use std::cell::Cell;
use std::rc::Rc;

use dcache::{Cache, async_trait, dcache};

struct Shop {
    id: u64,
    seen: Cell<u8>,
    cache: Cache<(String,), usize>,
}

impl Shop {
    #[dcache(skip(self))]
    async fn mutable(&mut self, sku: &str, list: Vec<u8>) -> Result<Vec<u8>, String> {
        self.seen.set(1);
        std::future::ready(sku).await;
        Ok(list)
    }

    #[dcache]
    async fn associated(sku: &str) -> usize {
        std::future::ready(sku).await.len()
    }

    // one whose body is not `Send` is cached as well
    #[dcache(key = self.id)]
    async fn local(&self) -> u64 {
        let rc = Rc::new(self.id);
        std::future::ready(()).await;
        *rc
    }

    #[dcache(cache = &self.cache, skip(self))]
    async fn own_cache(&mut self, sku: &str) -> usize {
        std::future::ready(sku).await.len()
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Plain(u64);

#[dcache]
impl Plain {
    #[dcache]
    async fn number<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(&self, value: &T) -> T {
        std::future::ready(()).await;
        value.clone()
    }
}

#[async_trait]
trait Stock {
    async fn count(&self, sku: &str) -> usize;
}

#[async_trait]
impl Stock for Plain {
    #[dcache]
    async fn count(&self, sku: &str) -> usize {
        std::future::ready(sku).await.len()
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

pub(crate) fn main() {
    let cache = Cache::builder("own").build().unwrap();
    let mut shop = Shop { id: 1, seen: Cell::new(0), cache };
    assert_eq!(pollster::block_on(is_send(shop.mutable("a", vec![1]))), Ok(vec![1]));
    assert_eq!(pollster::block_on(is_send(Shop::associated("ab"))), 2);
    assert_eq!(pollster::block_on(shop.local()), 1);
    assert_eq!(pollster::block_on(is_send(shop.own_cache("abc"))), 3);
    assert_eq!(pollster::block_on(is_send(Plain(1).number(&2u8))), 2);
    assert_eq!(pollster::block_on(is_send(Plain(1).number_cache(&2u8).peek())), Some(2));
    assert_eq!(pollster::block_on(is_send(Plain(1).count("a"))), 1);
}
