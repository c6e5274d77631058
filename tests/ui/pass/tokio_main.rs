use dcache::dcache;

#[dcache]
async fn doubled(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n * 2
}

// a runtime inside of a cached function, and around one
#[dcache]
#[tokio::main(flavor = "current_thread")]
async fn made_sync(n: u64) -> u64 {
    tokio::task::yield_now().await;
    n * 3
}

#[tokio::main(flavor = "current_thread")]
#[dcache]
async fn made_sync_too(n: u64) -> Result<u64, String> {
    tokio::task::yield_now().await;
    if n == 0 {
        return Err("zero".to_owned());
    }
    Ok(n * 4)
}

#[tokio::main(flavor = "current_thread")]
async fn run() {
    assert_eq!(doubled(1).await, 2);
    let spawned = tokio::spawn(async { doubled(1).await + doubled::peek(1).await.unwrap() });
    assert_eq!(spawned.await.unwrap(), 4);
}

pub(crate) fn main() {
    run();
    assert_eq!((made_sync_too(1), made_sync_too(0).is_err()), (Ok(4), true));
    let _ = made_sync;
}
