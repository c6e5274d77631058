//! The controls beside a function.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Waker};
use std::time::Duration;

use dcache::dcache;
use dcache_tests::run;
use tokio::sync::Notify;

static BODIES: AtomicU32 = AtomicU32::new(0);

/// Returns how often it has run.
#[dcache(ttl = "1h", skip(scale))]
fn sync(key: &str, scale: u32) -> u32 {
    let _ = key;
    scale * (BODIES.fetch_add(1, SeqCst) + 1)
}

#[dcache(ttl = "1h")]
async fn fallible(key: String) -> Result<u32, String> {
    tokio::task::yield_now().await;
    key.parse().map_err(|_| format!("{key} is no number"))
}

#[test]
fn a_sync_function_has_sync_controls() {
    assert_eq!(sync::peek("a"), None);
    assert_eq!(sync("a", 10), 10);
    assert_eq!(sync("a", 20), 10, "`scale` is no part of the key");
    assert_eq!(sync::peek("a"), Some(10));
    assert_eq!(sync::refresh("a", 10), 20);
    assert_eq!(sync("a", 10), 20);
    assert_eq!(sync::uncached("a", 10), 30);
    assert_eq!(sync("a", 10), 20);
    sync::put("a", 7).unwrap();
    assert_eq!(sync("a", 10), 7);
    let entry = sync::entry("a").unwrap();
    assert_eq!((entry.value, entry.tier.as_str(), entry.stale), (7, "memory", false));
    assert!(entry.remaining.unwrap() <= Duration::from_secs(3600));
    sync::invalidate("a").unwrap();
    assert_eq!(sync::peek("a"), None);
    sync("a", 1);
    sync("b", 1);
    sync::clear().unwrap();
    assert_eq!((sync::peek("a"), sync::peek("b")), (None, None));
    let stats = sync::stats();
    assert_eq!((stats.misses, stats.computes, stats.entries), (3, 4, 0));
}

#[test]
fn an_async_function_has_async_controls() {
    run(async {
        assert_eq!(fallible("7".to_owned()).await, Ok(7));
        assert_eq!(fallible("x".to_owned()).await.unwrap_err(), "x is no number");
        assert_eq!(fallible::peek("7".to_owned()).await, Some(7));
        assert_eq!(fallible::peek("x".to_owned()).await, None, "only `Ok` is stored");
        fallible::put("x".to_owned(), 1).await.unwrap();
        assert_eq!(fallible("x".to_owned()).await, Ok(1));
        assert!(fallible::refresh("x".to_owned()).await.is_err());
        assert_eq!(fallible("x".to_owned()).await, Ok(1), "a refresh that fails leaves the value");
        fallible::invalidate("x".to_owned()).await.unwrap();
        assert!(fallible::uncached("x".to_owned()).await.is_err());
        assert_eq!(fallible::entry("7".to_owned()).await.unwrap().value, 7);
        fallible::clear().await.unwrap();
        assert_eq!(fallible::stats().entries, 0);
    });
}

#[test]
fn an_error_that_can_be_cloned_is_shared_with_those_who_wait() {
    static MAY_FAIL: Notify = Notify::const_new();

    #[dcache]
    async fn fails(n: u32) -> Result<u32, String> {
        MAY_FAIL.notified().await;
        Err(format!("{n} is down"))
    }

    let mut calls: Vec<_> = (0..50).map(|_| Box::pin(fails(1))).collect();
    for call in &mut calls {
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    MAY_FAIL.notify_one();
    for call in calls {
        assert_eq!(futures::executor::block_on(call).unwrap_err(), "1 is down");
    }
    assert_eq!((fails::stats().computes, fails::stats().coalesced), (1, 49));
}

#[test]
fn an_error_that_cannot_be_cloned_is_not_needed_to_be() {
    #[derive(Debug)]
    struct Own(std::rc::Rc<u32>);

    #[dcache]
    fn fails(n: u32) -> Result<u32, Own> {
        if n > 5 { Err(Own(std::rc::Rc::new(n))) } else { Ok(n) }
    }

    assert_eq!(*fails(6).unwrap_err().0, 6);
    assert_eq!(fails(5).unwrap(), 5);
}
