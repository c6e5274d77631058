//! The options about values past their time to live, on functions and methods; `cache/` has how they combine.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use dcache::{async_trait, dcache, drain, drain_blocking, testing};
use dcache_tests::{Door, poll_once};
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, SeqCst)
}

#[test]
fn a_sync_function_hands_out_a_stale_value_and_refreshes_it() {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    fn price(sku: &str) -> u32 {
        let _ = sku;
        next()
    }
    let first = price("a");
    testing::advance(HOUR + MINUTE);
    assert_eq!(price("a"), first, "stale");
    drain_blocking();
    let second = price("a");
    assert_ne!(second, first, "refreshed");
    testing::advance(HOUR + 11 * MINUTE);
    assert_ne!(price("a"), second, "past its stale time");
    let stats = price::stats();
    assert_eq!((stats.hits, stats.stale, stats.misses, stats.computes), (1, 1, 2, 3));
}

#[tokio::test]
async fn an_async_function_refreshes_on_its_callers_runtime_with_arguments_of_its_own() {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(pool))]
    async fn price(pool: &Arc<AtomicU32>, sku: &str, (a, b): (u8, u8), maybe: Option<&str>) -> String {
        sleep(Duration::from_millis(1)).await; // panics outside of tokio
        format!("{sku} {a} {b} {maybe:?} {}", pool.fetch_add(1, SeqCst))
    }
    let pool = Arc::new(AtomicU32::new(0));
    let call = async || {
        let (sku, maybe) = (String::from("chair"), String::from("m")); // gone when the refresh runs
        price(&pool, &sku, (1, 2), Some(&maybe)).await
    };
    let first = call().await;
    testing::advance(HOUR + MINUTE);
    assert_eq!(call().await, first);
    drain().await;
    assert_eq!(call().await, "chair 1 2 Some(\"m\") 1");
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop {
    id: u32,
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
impl Shop {
    #[dcache]
    fn price(&self, sku: &str) -> (u32, usize, u32) {
        (self.id, sku.len(), next())
    }

    #[dcache]
    async fn price_later(self: Arc<Self>, sku: String) -> Result<(u32, String, u32), String> {
        sleep(Duration::from_millis(1)).await;
        Ok((self.id, sku, next()))
    }
}

#[async_trait]
trait Priced {
    async fn priced(&self, sku: &str) -> (u32, String, u32);
}

#[async_trait]
impl Priced for Shop {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    async fn priced(&self, sku: &str) -> (u32, String, u32) {
        sleep(Duration::from_millis(1)).await;
        (self.id, sku.to_owned(), next())
    }
}

#[tokio::test]
async fn methods_take_their_self_to_the_background() {
    let shop = Arc::new(Shop { id: 7 });
    let all = async || {
        let later = shop.clone().price_later("chair".into()).await.unwrap();
        (shop.price("chair"), later, shop.priced("chair").await)
    };
    let first = all().await;
    testing::advance(HOUR + MINUTE);
    assert_eq!(all().await, first);
    drain().await;
    let second = all().await;
    assert!(second.0.2 > first.0.2 && second.1.2 > first.1.2 && second.2.2 > first.2.2, "{second:?}");
    assert_eq!((second.0.0, second.1.0, &*second.1.1, &*second.2.1), (7, 7, "chair", "chair"));
}

#[test]
fn a_generic_function_refreshes_each_type() {
    #[dcache(ttl = "1h", refresh_ahead = 0.5)]
    fn of<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: &T) -> (T, u32) {
        (value.clone(), next())
    }
    let first = (of(&1u8), of(&"text"));
    testing::advance(HOUR / 2 + MINUTE);
    assert_eq!((of(&1u8), of(&"text")), first, "still fresh, and refreshed meanwhile");
    drain_blocking();
    let second = (of(&1u8), of(&"text"));
    assert_eq!((second.0.0, second.1.0), (1, "text"));
    assert!(second.0.1 > first.0.1 && second.1.1 > first.1.1);
}

#[tokio::test]
async fn an_error_is_replaced_by_an_older_value_and_the_body_rests() {
    static FAILS: AtomicBool = AtomicBool::new(false);
    fn body() -> Result<u32, &'static str> {
        if FAILS.load(SeqCst) { Err("down") } else { Ok(next()) }
    }
    #[dcache(ttl = "1h", stale_if_error = "1d", retry_after = "5s")]
    fn rate(of: &str) -> Result<u32, &'static str> {
        let _ = of;
        body()
    }
    #[dcache(ttl = "1h", stale_if_error = "1d", retry_after = "5s")]
    async fn rate_later(of: &str) -> Result<u32, &'static str> {
        let _ = of;
        body()
    }
    let first = (rate("a"), rate_later("a").await);
    FAILS.store(true, SeqCst);
    testing::advance(2 * HOUR);
    for _ in 0..3 {
        assert_eq!((rate("a"), rate_later("a").await), first);
    }
    assert_eq!((rate("b"), rate_later("b").await), (Err("down"), Err("down")), "there is no older value");
    let ran = |stats: dcache::Stats| (stats.computes, stats.stale);
    assert_eq!((ran(rate::stats()), ran(rate_later::stats())), ((3, 3), (3, 3)), "the body rested");
    testing::advance(Duration::from_secs(6));
    assert_eq!((rate("a"), rate_later("a").await), first);
    assert_eq!(rate::stats().computes, 4);
    testing::advance(24 * HOUR);
    assert_eq!(rate("a"), Err("down"));
    FAILS.store(false, SeqCst);
    assert_ne!(rate("a"), first.0);
}

#[tokio::test]
async fn a_slow_body_is_waited_for_as_long_as_the_soft_timeout_says() {
    static SLOW: AtomicBool = AtomicBool::new(false);
    static DOOR: LazyLock<Door> = LazyLock::new(Door::new);
    #[dcache(ttl = "1h", stale_if_error = "1d", soft_timeout = "20ms")]
    async fn rate(of: &str) -> Result<u32, String> {
        let _ = of;
        if SLOW.load(SeqCst) {
            DOOR.pass().await;
        }
        Ok(next())
    }
    let first = rate("a").await;
    testing::advance(2 * HOUR);
    SLOW.store(true, SeqCst);
    assert_eq!(rate("a").await, first, "the body takes longer");
    DOOR.open();
    drain().await;
    let second = rate("a").await;
    assert!(second > first, "it has gone on");
    assert_eq!(rate::stats().computes, 2);
}

#[tokio::test]
async fn a_detached_body_outlives_its_caller() {
    static DOOR: LazyLock<Door> = LazyLock::new(Door::new);
    #[dcache(detach)]
    async fn slow(n: u32) -> u32 {
        DOOR.pass().await;
        n + next()
    }
    assert!(poll_once(&mut Box::pin(slow(1))).is_pending());
    DOOR.open();
    drain().await;
    assert!(slow::peek(1).await.is_some());
    assert_eq!(slow::stats().computes, 1);
}

#[tokio::test]
#[should_panic(expected = "in the background")]
async fn a_detached_body_panics_in_its_caller() {
    #[dcache(detach)]
    async fn slow(n: u32) -> u32 {
        sleep(Duration::from_millis(1)).await;
        panic!("in the background of {n}")
    }
    slow(1).await;
}

#[test]
fn errors_are_kept_for_a_while() {
    #[dcache(err_ttl = "5s")]
    fn find(id: u32) -> Result<u32, String> {
        if id == 0 { Err(format!("not found {}", next())) } else { Ok(id) }
    }
    let first = find(0);
    assert_eq!((find(0), find(1)), (first.clone(), Ok(1)));
    testing::advance(Duration::from_secs(6));
    assert_ne!(find(0), first);
    find::put(0, 9).unwrap();
    assert_eq!(find(0), Ok(9), "a value takes the place of the error");
    find::invalidate(0).unwrap();
    let third = find(0);
    find::invalidate(0).unwrap();
    assert_ne!(find(0), third, "an invalidation is about errors too");
}

#[test]
fn jitter_lets_values_that_came_together_go_apart() {
    #[dcache(ttl = "1h", jitter = 0.5)]
    fn value(n: u32) -> u32 {
        n
    }
    (0..200).for_each(|n| assert_eq!(value(n), n));
    testing::advance(HOUR * 3 / 4);
    (0..200).for_each(|n| assert_eq!(value(n), n));
    let ended = value::stats().misses - 200;
    assert!((40..160).contains(&ended), "{ended} of 200 have ended at three quarters");
}

#[test]
fn a_stale_entry_says_so() {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    fn price(sku: &str) -> usize {
        sku.len()
    }
    price("chair");
    testing::advance(HOUR + MINUTE);
    let entry = price::entry("chair").unwrap();
    assert_eq!((entry.value, entry.stale, entry.remaining), (5, true, Some(Duration::ZERO)));
    assert_eq!(price::peek("chair"), Some(5));
    testing::advance(10 * MINUTE);
    assert!(price::entry("chair").is_none());
}

#[test]
fn lengths_are_asked_for_each_time() {
    static WINDOW: AtomicU32 = AtomicU32::new(0);
    #[dcache(ttl = "1h", stale_while_revalidate = Duration::from_secs(WINDOW.load(SeqCst).into()))]
    fn price(sku: &str) -> u32 {
        let _ = sku;
        next()
    }
    let first = price("a");
    WINDOW.store(600, SeqCst);
    let second = price("b");
    testing::advance(HOUR + MINUTE);
    assert_ne!(price("a"), first, "it was stored without a stale time");
    assert_eq!(price("b"), second);
}
