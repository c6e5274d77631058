//! Several runtimes, one, or none.

use std::future::ready;
use std::time::Duration;

use dcache::Cache;
use dcache_tests::Shelf;

fn cache(name: &str) -> Cache<u32, u32> {
    Cache::builder(name).tier(Shelf::new()).build().unwrap()
}

#[test]
fn no_runtime_is_needed() {
    let cache = cache("none");
    assert_eq!(futures::executor::block_on(cache.get_or_insert_with(&1, || ready(1))), 1);
    assert_eq!(cache.blocking().get(&1), Some(1));
}

#[test]
fn a_flight_may_be_waited_for_from_another_runtime() {
    let cache = cache("across");
    let (entered, is_entered) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let entered = entered;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let body = || async {
                entered.send(()).unwrap();
                tokio::time::sleep(Duration::from_millis(20)).await;
                7
            };
            assert_eq!(runtime.block_on(cache.get_or_insert_with(&1, body)), 7);
        });
        is_entered.recv().unwrap();
        scope.spawn(|| {
            assert_eq!(futures::executor::block_on(cache.get_or_insert_with(&1, || ready(8))), 7);
        });
        scope.spawn(|| assert_eq!(cache.blocking().get_or_insert_with(&1, || 9), 7));
    });
}

#[test]
fn a_sync_call_works_inside_every_runtime() {
    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    for runtime in [current, multi] {
        let cache = cache("inside");
        runtime.block_on(async {
            assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 1);
            cache.blocking().invalidate(&1).unwrap();
            assert_eq!(cache.blocking().get_or_insert_with(&1, || 2), 2);
        });
    }
}

#[test]
fn a_future_of_a_call_is_send_where_its_body_is() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let cache = cache("send");
    drop(send(cache.get_or_insert_with(&1, || ready(1))));
    drop(send(cache.invalidate(&1)));
    let body = || async {
        let not_send = std::rc::Rc::new(1);
        ready(()).await;
        *not_send
    };
    assert_eq!(futures::executor::block_on(cache.get_or_insert_with(&1, body)), 1, "a body need not be");
}

#[test]
fn switched_off_every_call_runs_its_body() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("off").tier(shelf.clone()).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    let asked = shelf.asked();
    dcache::set_enabled(false);
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 2), 2);
    assert_eq!(cache.blocking().get(&1), None);
    assert_eq!(shelf.asked(), asked);
    dcache::set_enabled(true);
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 3), 1);
}

#[test]
fn a_put_while_switched_off_leaves_nothing_old_to_be_found() {
    let shelf = Shelf::new();
    let cache: Cache<u32, u32> = Cache::builder("put while off").tier(shelf.clone()).build().unwrap();
    cache.blocking().put(&1, 1).unwrap();
    dcache::set_enabled(false);
    cache.blocking().put(&1, 2).unwrap();
    dcache::set_enabled(true);
    assert!(shelf.keys().is_empty());
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 3), 3);
}

#[test]
fn a_call_from_a_thread_that_ends_runs_its_body() {
    struct AtTheEnd(Option<(Cache<u32, u32>, std::sync::mpsc::Sender<u32>)>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let Some((cache, sender)) = &self.0 else { return };
            sender.send(cache.blocking().get_or_insert_with(&2, || 2)).unwrap();
        }
    }
    thread_local!(static AT_THE_END: std::cell::RefCell<AtTheEnd> = const { std::cell::RefCell::new(AtTheEnd(None)) });

    let (sender, receiver) = std::sync::mpsc::channel();
    let cache: Cache<u32, u32> = Cache::builder("ending").build().unwrap();
    let thread = std::thread::spawn(move || {
        AT_THE_END.with_borrow_mut(|last| last.0 = Some((cache.clone(), sender)));
        cache.blocking().get_or_insert_with(&1, || 1);
    });
    thread.join().unwrap();
    assert_eq!(receiver.recv(), Ok(2));
}
