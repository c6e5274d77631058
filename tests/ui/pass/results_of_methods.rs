use dcache::dcache;

struct NotClone;
type Fallible<T> = Result<T, NotClone>;

struct Shop;

impl Shop {
    #[dcache(skip(self), companion = handle)]
    fn plain(&self, n: u64) -> Result<u64, NotClone> {
        let n = if n > 9 { return Err(NotClone) } else { n };
        Ok(Ok::<_, NotClone>(n)?)
    }

    #[dcache(result, skip(self), companion = handle)]
    async fn alias(&self, n: u64) -> Fallible<u64> {
        self.plain(n)?;
        Ok(n)
    }

    #[dcache]
    fn boxed(n: u64) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
        let parsed: u64 = "17".parse()?;
        Ok(parsed + n)
    }

    #[dcache]
    fn made(n: u64) -> Result<Self, String> {
        if n == 0 { Err("none".into()) } else { Ok(Self) }
    }
}

impl Clone for Shop {
    fn clone(&self) -> Self {
        Self
    }
}

pub(crate) fn main() {
    assert!(Shop.plain(10).is_err() && Shop.plain_cache(10).peek().is_none());
    assert!(Shop.plain(1).is_ok());
    assert_eq!(Shop.plain_cache(1).peek(), Some(1));
    assert!(pollster::block_on(Shop.alias(10)).is_err());
    assert!(pollster::block_on(Shop.alias(2)).is_ok());
    assert_eq!(pollster::block_on(Shop.alias_cache(2).peek()), Some(2));
    assert_eq!(Shop::boxed(1).unwrap(), 18);
    assert!(Shop::made(0).is_err() && Shop::made(1).is_ok());
}
