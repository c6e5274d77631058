use dcache::dcache;

trait Price {
    fn of(&self, sku: &str) -> impl Future<Output = u64> + Send;

    #[allow(async_fn_in_trait)]
    async fn twice(&self, n: u64) -> u64;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Price for Shop {
    #[dcache]
    async fn of(&self, sku: &str) -> u64 {
        std::future::ready(()).await;
        self.0 + sku.len() as u64
    }

    #[dcache(key = n)]
    async fn twice(&self, n: u64) -> u64 {
        self.0 + 2 * n
    }
}

fn is_send<T: Send>(future: T) -> T {
    future
}

pub(crate) fn main() {
    assert_eq!(pollster::block_on(is_send(Shop(1).of("abc"))), 4);
    assert_eq!(pollster::block_on(Shop(1).twice(2)), 5);
    assert_eq!(pollster::block_on(Shop(9).twice(2)), 5);
}
