use dcache::dcache;

#[dcache(tll = "90s")]
async fn f<'a, T: Clone + Send + Sync + 'static>(
    name: &'a str,
    (a, mut b): (u8, u8),
    more: Option<T>,
) -> Result<Vec<T>, String>
where
    T: std::hash::Hash + Eq,
{
    b += a;
    let _ = (name, b);
    Ok(more.into_iter().collect())
}

async fn uses() -> Result<(), String> {
    let found: Vec<u8> = f("x", (1, 2), Some(3u8)).await?;
    let _: Option<Vec<u8>> = f::peek("x", (1, 2), Some(3u8)).await;
    let _ = f::put("x", (1, 2), Some(3u8), found).await;
    let _ = f::invalidate("x", (1, 2), Some(3u8)).await;
    let _: Vec<u8> = f::refresh("x", (1, 2), Some(3u8)).await?;
    let _: Vec<u8> = f::uncached("x", (1, 2), Some(3u8)).await?;
    let _ = (f::clear::<u8>().await, f::stats::<u8>());
    Ok(())
}

fn main() {}
