//! Connections of runtimes and threads: shared while they last, and ended with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use tokio::time::timeout;

use super::*;

#[test]
fn callers_without_a_runtime_are_served() {
    let server = Server::start();
    let tier = tier_of(&server);
    for _ in 0..3 {
        pollster::block_on(round_trip(&tier, "a")).unwrap();
    }
    pollster::block_on(tier.check()).unwrap();
    assert_eq!(pollster::block_on(tier.clear(&Scope::new("test", "function"))).unwrap(), 1);
    assert_eq!(clients(&server), 1);
}

#[test]
fn runtimes_without_drivers_are_served_by_the_io_thread() {
    static PANICS: AtomicUsize = AtomicUsize::new(0);
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        match panic.to_string().contains("Tokio 1.x context was found") {
            true => _ = PANICS.fetch_add(1, Relaxed),
            false => before(panic),
        }
    }));
    let server = Server::start();
    let tier = tier_of(&server);
    let none = Builder::new_current_thread().build().unwrap();
    let time = Builder::new_current_thread().enable_time().build().unwrap();
    let io = Builder::new_multi_thread().worker_threads(1).enable_io().build().unwrap();
    for runtime in [&none, &time, &io, &none, &time, &io] {
        runtime.block_on(round_trip(&tier, "a")).unwrap();
    }
    assert_eq!(PANICS.load(Relaxed), 3, "each runtime is tried once");
    assert_eq!(clients(&server), 1);
}

#[test]
fn connections_end_with_their_runtimes() {
    let server = Server::start();
    let tier = tier_of(&server);
    for _ in 0..200 {
        current_thread().block_on(round_trip(&tier, "a")).unwrap();
    }
    for _ in 0..20 {
        Runtime::new().unwrap().block_on(round_trip(&tier, "a")).unwrap();
    }
    wait_for_clients(&server, 0);
}

#[test]
fn connections_end_with_their_tier() {
    let server = Server::start();
    let runtime = Runtime::new().unwrap();
    for _ in 0..20 {
        let tier = tier_of(&server);
        runtime.block_on(round_trip(&tier, "a")).unwrap();
        pollster::block_on(round_trip(&tier, "a")).unwrap();
        blocking_round_trip(&tier, "a").unwrap();
        assert!(clients(&server) >= 3);
    }
    wait_for_clients(&server, 0);
}

#[test]
fn a_runtime_that_is_idle_or_gone_hurts_no_other() {
    let server = Server::start();
    let tier = tier_of(&server);
    let (idle, gone, other) = (current_thread(), Runtime::new().unwrap(), Runtime::new().unwrap());
    for runtime in [&idle, &gone, &other] {
        runtime.block_on(round_trip(&tier, "a")).unwrap();
    }
    server.freeze(); // so that a request is on its way when its runtime goes
    let (tier_there, under_way) = (
        tier.clone(),
        gone.spawn({
            let tier = tier.clone();
            async move { tier.get(&key("a")).await }
        }),
    );
    gone.shutdown_background();
    server.thaw();
    other.block_on(round_trip(&tier_there, "b")).unwrap();
    assert!(other.block_on(under_way).is_err());
    blocking_round_trip(&tier, "c").unwrap();
    idle.block_on(round_trip(&tier, "d")).unwrap();
}

#[tokio::test]
async fn synchronous_calls_work_within_a_runtime_of_one_thread() {
    let server = Server::start();
    let tier = tier_of(&server);
    blocking_round_trip(&tier, "a").unwrap();
    tokio::spawn(async move { blocking_round_trip(&tier, "b") }).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_callers_share_one_connection() {
    let server = Server::start();
    let tier = tier_of(&server);
    let before = accepted(&server);
    let callers: Vec<_> = (0..64)
        .map(|caller| {
            let tier = tier.clone();
            tokio::spawn(async move {
                for call in 0..20 {
                    round_trip(&tier, &format!("{caller}-{call}")).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    assert_eq!(accepted(&server) - before, 2, "the callers' one, and the one that asks");
    assert_eq!(server.command::<usize>(&["DBSIZE"]), 64 * 20);
}

#[tokio::test]
async fn callers_that_give_up_leave_the_others_alone() {
    let server = Server::start();
    let tier = tier_of(&server);
    for id in 0..100 {
        round_trip(&tier, &id.to_string()).await.unwrap();
    }
    for id in 0..100 {
        for _ in 0..id % 5 {
            // polled once: the command is sent, and nobody waits for the answer
            let _ = timeout(Duration::ZERO, tier.get(&key("0"))).await;
        }
        let id = id.to_string();
        assert_eq!(tier.get(&key(&id)).await.unwrap(), Some(entry(&id)));
    }
}

#[test]
fn threads_share_a_few_connections() {
    let server = Server::start();
    let tier = Arc::new(tier_of(&server));
    thread::scope(|scope| {
        for thread in 0..16 {
            let tier = &tier;
            scope.spawn(move || {
                for call in 0..20 {
                    blocking_round_trip(tier, &format!("{thread}-{call}")).unwrap();
                }
            });
        }
    });
    assert_eq!(server.command::<usize>(&["DBSIZE"]), 16 * 20);
    wait_for_clients(&server, 8);
}
