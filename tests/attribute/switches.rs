//! Caching switched off: for the calls inside a bypass, for single functions, and what else the program sets for
//! them by name.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dcache::{Cache, Memory, dcache, testing};
use dcache_tests::{Shelf, with_environment};

const MINUTE: Duration = Duration::from_secs(60);

fn shelf() -> Shelf {
    static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::new);
    SHELF.clone()
}

/// Returns another number at each run.
#[dcache(name = "ticket", backend = [memory, tier(shelf())], ttl = "1h")]
fn ticket(queue: u32) -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let _ = queue;
    NEXT.fetch_add(1, SeqCst)
}

#[dcache(name = "number")]
async fn number(queue: u32) -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let _ = queue;
    NEXT.fetch_add(1, SeqCst)
}

/// Lets other tasks go first, once.
async fn step_aside() {
    let mut is_second = false;
    poll_fn(|_| if std::mem::replace(&mut is_second, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn calls_inside_a_bypass_run_their_bodies_and_touch_no_tier() {
    let (first, asked, stats) = (ticket(1), shelf().asked(), ticket::stats());
    dcache::bypass_blocking(|| {
        assert_eq!((ticket(1), ticket(1)), (first + 1, first + 2));
        assert_eq!(ticket::refresh(1), first + 3);
        assert_eq!((ticket::peek(1), ticket::entry(1).map(|entry| entry.value)), (None, None));
        dcache::bypass_blocking(|| ticket(2));
        assert_eq!(ticket(1), first + 5, "a bypass inside it ends alone");
    });
    assert_eq!((shelf().asked(), ticket::stats()), (asked, stats));
    assert_eq!((ticket(1), ticket::peek(2)), (first, None));
}

#[test]
fn a_cache_that_was_built_finds_nothing_inside_a_bypass() {
    let cache: Cache<u32, u32> = Cache::builder("bypassed").build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    dcache::bypass_blocking(|| {
        assert_eq!(cache.blocking().get(&1), None);
        assert!(cache.blocking().entry(&1).is_none());
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 2), 2);
        assert_eq!(cache.blocking().try_get_or_insert_with(&1, || Err("no")), Err("no"));
    });
    assert_eq!(cache.blocking().get(&1), Some(1));
}

#[test]
fn what_is_put_or_removed_inside_a_bypass_is_put_or_removed() {
    ticket(1);
    dcache::bypass_blocking(|| ticket::put(1, 700).unwrap());
    assert_eq!(ticket(1), 700);
    assert_eq!(shelf().keys().len(), 1);
    dcache::bypass_blocking(|| ticket::invalidate(1).unwrap());
    assert_eq!((ticket::peek(1), shelf().keys().len()), (None, 0));
    ticket(2);
    dcache::bypass_blocking(|| ticket::clear().unwrap());
    assert_eq!((ticket::peek(2), shelf().keys().len()), (None, 0));
}

#[test]
fn a_bypass_holds_on_whichever_thread_its_future_is_polled() {
    let mut future = Box::pin(dcache::bypass(async {
        let first = number(1).await;
        step_aside().await;
        (first, number(1).await)
    }));
    assert!(poll(future.as_mut()).is_pending());
    let elsewhere = std::thread::spawn(move || {
        let done = poll(future.as_mut());
        (done, futures::executor::block_on(number::peek(1)))
    });
    assert_eq!(elsewhere.join().unwrap(), (Poll::Ready((1, 2)), None));
}

#[test]
fn a_bypass_is_not_that_of_another_task_on_its_thread() {
    let mut bypassed = pin!(dcache::bypass(async {
        step_aside().await;
        number(1).await
    }));
    assert!(poll(bypassed.as_mut()).is_pending());
    assert_eq!(poll(pin!(number(1))), Poll::Ready(1));
    assert_eq!(poll(pin!(number(1))), Poll::Ready(1), "that was a hit");
    assert_eq!(poll(bypassed.as_mut()), Poll::Ready(2));
    assert_eq!(poll(pin!(number(1))), Poll::Ready(1));
}

#[test]
fn a_panic_ends_a_bypass() {
    let first = ticket(1);
    let panicking = || dcache::bypass_blocking(|| -> u32 { panic!("of the test") });
    assert!(std::panic::catch_unwind(panicking).is_err());
    let mut future = pin!(dcache::bypass(async { panic!("of the test") }));
    let polling = std::panic::AssertUnwindSafe(|| poll(future.as_mut()));
    assert!(std::panic::catch_unwind(polling).is_err());
    assert_eq!(ticket(1), first);
}

#[test]
fn a_bypass_does_not_switch_on_what_is_off() {
    dcache::set_enabled(false);
    let first = dcache::bypass_blocking(|| ticket(1));
    assert_eq!(ticket(1), first + 1);
    dcache::bypass_blocking(|| dcache::set_enabled(true));
    assert_eq!((ticket(1), ticket(1)), (first + 2, first + 2));
}

#[test]
fn what_is_configured_for_a_function_comes_before_its_attribute() {
    #[dcache(name = "by value", ttl = |n: &u64| Duration::from_secs(3600 * n))]
    fn by_value(n: u64) -> u64 {
        n
    }
    #[dcache(name = "tiers", backend = [memory(ttl = "5s"), tier(shelf(), ttl = "30s")], ttl = "1h")]
    fn tiers(n: u64) -> u64 {
        n
    }
    #[dcache(name = "bytes", backend = memory(capacity = "1GiB"))]
    fn bytes(n: u64) -> u64 {
        n
    }
    let test = "switches::what_is_configured_for_a_function_comes_before_its_attribute";
    with_environment(test, &[], || {
        dcache::configure()
            .function("by value", |f| f.ttl(MINUTE))
            .function("tiers", |f| f.ttl(MINUTE))
            .function("bytes", |f| f.capacity(1_000))
            .function("bytes", |f| f.ttl(MINUTE))
            .apply()
            .unwrap();
        dcache::configure().function("bytes", |f| f.capacity(20)).apply().unwrap();
        by_value(7);
        assert!(by_value::entry(7).unwrap().remaining <= Some(MINUTE));
        let listed = dcache::functions().into_iter().find(|function| function.name == "by value");
        assert_eq!(listed.unwrap().ttl, Some(MINUTE));

        tiers(7);
        assert!(
            tiers::entry(7).unwrap().remaining <= Some(Duration::from_secs(5)),
            "memory's own is shorter"
        );
        assert!(shelf().life(&shelf().keys()[0]) <= Some(MINUTE / 2), "and the tier's");

        (0..500).for_each(|n| assert_eq!(bytes(n), n));
        assert!((1..=20).contains(&bytes::stats().entries), "{}", bytes::stats().entries);
        testing::advance(2 * MINUTE);
        assert_eq!(bytes::peek(499), None, "what was set for one function adds up");
        assert!(dcache::configure().function("bytes", |f| f.capacity(1)).apply().is_err(), "it is too late");
    });
}

#[test]
fn a_function_that_is_switched_off_runs_its_body_and_touches_no_tier() {
    let test = "switches::a_function_that_is_switched_off_runs_its_body_and_touches_no_tier";
    with_environment(test, &[], || {
        dcache::configure()
            .function("ticket", |f| f.enabled(false))
            .function("number", |f| f.enabled(false).enabled(true))
            .function("off", |f| f.enabled(false))
            .apply()
            .unwrap();
        assert_eq!((ticket(1), ticket(1), ticket::refresh(1)), (1, 2, 3));
        assert_eq!(ticket::peek(1), None);
        assert_eq!(shelf().asked(), 0);
        let stats = ticket::stats();
        assert_eq!((stats.hits, stats.misses, stats.computes, stats.entries), (0, 0, 0, 0));
        ticket::put(1, 7).unwrap();
        ticket::invalidate(2).unwrap();
        assert!(
            shelf().asked() == 2 && shelf().keys().is_empty(),
            "what is there is removed, as it gets old"
        );

        let twice = || futures::executor::block_on(async { (number(1).await, number(1).await) });
        assert_eq!(twice(), (1, 1), "other functions are cached");

        let off: Cache<u32, u32> = Cache::builder("off").build().unwrap();
        off.blocking().put(&1, 1).unwrap();
        assert_eq!(off.blocking().get(&1), None);
        assert_eq!(off.blocking().get_or_insert_with(&1, || 2), 2);
        assert_eq!(futures::executor::block_on(off.get_or_insert_with(&1, async || 3)), 3);
        assert_eq!(off.stats().entries, 0);
    });
}

#[test]
fn what_is_configured_for_a_cache_comes_before_its_builder() {
    let test = "switches::what_is_configured_for_a_cache_comes_before_its_builder";
    with_environment(test, &[], || {
        dcache::configure().function("small", |f| f.ttl(MINUTE).capacity(20)).apply().unwrap();
        let memory = Memory::weighed(1 << 30, |_| 1);
        let small: Cache<u32, u32> = Cache::builder("small").memory(memory).no_ttl().build().unwrap();
        (0..500).for_each(|n| small.blocking().put(&n, n).unwrap());
        assert!((1..=20).contains(&small.stats().entries));
        testing::advance(2 * MINUTE);
        assert_eq!(small.blocking().get(&499), None);
    });
}

#[test]
fn a_generic_function_is_configured_for_all_its_types_or_for_some() {
    #[dcache(name = "generic")]
    fn generic<T: Clone + Send + Sync + std::hash::Hash + Eq + 'static>(value: T) -> T {
        value
    }
    let test = "switches::a_generic_function_is_configured_for_all_its_types_or_for_some";
    with_environment(test, &[], || {
        let listed = |ttl| {
            let functions = dcache::functions().into_iter();
            let generic = functions.filter(|function| function.name.starts_with("generic"));
            generic
                .filter(|function| function.ttl == Some(ttl))
                .map(|function| function.name)
                .collect::<Vec<_>>()
        };
        let configured = dcache::configure()
            .function("generic", |f| f.ttl(MINUTE))
            .function("generic(u32,)", |f| f.ttl(2 * MINUTE));
        configured.apply().unwrap();
        assert_eq!((generic(1u32), generic(1u64), generic('1')), (1, 1, '1'));
        assert_eq!(listed(MINUTE), ["generic(char,)", "generic(u64,)"]);
        assert_eq!(listed(2 * MINUTE), ["generic(u32,)"]);
    });
}

#[test]
fn a_name_that_no_function_has_is_a_fault() {
    #[dcache(name = "shop.never_called")]
    fn never_called<T: Clone + Send + Sync + std::hash::Hash + Eq + 'static>(value: T) -> T {
        value
    }
    #[allow(dead_code, reason = "it is listed all the same")]
    fn caller() {
        never_called(1);
    }
    let test = "switches::a_name_that_no_function_has_is_a_fault";
    with_environment(test, &[], || {
        dcache::configure()
            .function("ticket", |f| f.ttl(MINUTE))
            .function("shop.never_called", |f| f.ttl(MINUTE))
            .function("never_called", |f| f.ttl(MINUTE))
            .function("tickets", |f| f.ttl(MINUTE))
            .function("kept", |f| f.ttl(MINUTE))
            .function("dropped", |f| f.ttl(MINUTE))
            .apply()
            .unwrap();
        let _kept: Cache<u32, u32> = Cache::builder("kept").build().unwrap();
        drop(Cache::<u32, u32>::builder("dropped").build().unwrap());
        let error = futures::executor::block_on(dcache::check()).unwrap_err();
        let strays: Vec<_> =
            error.parts().iter().filter(|part| part.to_string().contains("no function is called")).collect();
        assert!(strays.iter().all(|stray| stray.kind() == dcache::ErrorKind::Config));
        let strays: Vec<_> = strays.iter().map(|stray| stray.to_string()).collect();
        assert_eq!(strays.len(), 2, "{strays:?}");
        assert!(
            strays[0].contains("`never_called`") && strays[0].contains("did you mean `shop.never_called`?")
        );
        assert!(strays[1].contains("`tickets`") && strays[1].contains("dcache::functions()"));
    });
}

#[test]
fn a_capacity_for_a_function_without_memory_is_a_fault() {
    #[dcache(name = "no memory", backend = tier(shelf()))]
    fn no_memory(n: u32) -> u32 {
        n
    }
    let test = "switches::a_capacity_for_a_function_without_memory_is_a_fault";
    with_environment(test, &[], || {
        let settings = dcache::configure().function("no memory", |f| f.capacity(10));
        settings.function("none", |f| f.capacity(10)).apply().unwrap();
        assert_eq!((no_memory(1), no_memory(1)), (1, 1));
        assert_eq!((no_memory::stats().errors, no_memory::stats().hits), (1, 1));
        let built = Cache::<u32, u32>::builder("none").no_memory().build();
        assert!(built.err().unwrap().to_string().contains("`none` holds nothing in memory"));
    });
}
