use dcache::dcache;

struct Shop;

impl Shop {
    fn price(&self, sku: &str) -> u64 {
        #[dcache]
        fn price(sku: &str) -> u64 {
            sku.len() as u64
        }
        assert_eq!(price(sku), price::peek(sku).unwrap());
        price(sku)
    }
}

async fn outer() -> u64 {
    #[dcache]
    async fn inner(n: u64) -> u64 {
        n + 1
    }
    #[dcache(companion = none)]
    async fn plain(n: u64) -> u64 {
        n + 1
    }
    inner(plain(1).await).await
}

pub(crate) fn main() {
    assert_eq!(Shop.price("abc"), 3);
    assert_eq!(pollster::block_on(outer()), 3);
    let nested = |n: u64| {
        #[dcache]
        fn same_name(n: u64) -> u64 {
            n
        }
        same_name(n)
    };
    #[dcache]
    fn same_name(n: u64) -> u64 {
        n * 2
    }
    assert_eq!((nested(1), same_name(1)), (1, 2));
}
