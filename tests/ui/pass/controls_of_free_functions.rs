use dcache::{Entry, Error, Stats, dcache};

#[dcache(ttl = "1h")]
fn sync(sku: &str, n: Option<u32>) -> Result<String, u8> {
    n.map(|n| format!("{sku}{n}")).ok_or(1)
}

#[dcache(key = sku.to_lowercase(), ttl = "1h")]
async fn waits(sku: &str, _db: &mut u8) -> usize {
    sku.len()
}

pub(crate) fn main() -> Result<(), Error> {
    assert_eq!(sync("a", Some(1)).as_deref(), Ok("a1"));
    let peeked: Option<String> = sync::peek("a", Some(1));
    let entry: Option<Entry<String>> = sync::entry("a", Some(1));
    assert_eq!(peeked.as_deref(), Some(&*entry.unwrap().value));
    let refreshed: Result<String, u8> = sync::refresh("a", Some(1));
    let uncached: Result<String, u8> = sync::uncached("a", None);
    assert_eq!((refreshed.is_ok(), uncached), (true, Err(1)));
    sync::put("a", None, "put".to_owned())?;
    assert_eq!(sync("a", None).as_deref(), Ok("put"));
    sync::invalidate("a", None)?;
    assert_eq!(sync::peek("a", None), None);
    sync::clear()?;
    let stats: Stats = sync::stats();
    assert_eq!(stats.entries, 0);
    pollster::block_on(async {
        assert_eq!(waits("AB", &mut 0).await, 2);
        assert_eq!((waits::peek("ab").await, waits::entry("aB").await.unwrap().value), (Some(2), 2));
        waits::put("ab", 7).await?;
        assert_eq!((waits("ab", &mut 0).await, waits::uncached("ab", &mut 0).await), (7, 2));
        assert_eq!(waits::refresh("ab", &mut 0).await, 2);
        waits::invalidate("ab").await?;
        waits::clear().await?;
        assert_eq!(waits::stats().entries, 0);
        Ok(())
    })
}
