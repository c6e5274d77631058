//! A Redis that is down at the moment of a change, and comes back with the old entry.

use std::time::Duration;

use dcache::{Cache, Error, Redis};
use dcache_tests::redis::{Server, wait_until};

fn cache(url: &str) -> Cache<u32, u32> {
    Cache::builder("lost").no_memory().tier(Redis::connect(url).unwrap()).build().unwrap()
}

type Change = fn(&Cache<u32, u32>) -> Result<(), Error>;

const CHANGES: [Change; 3] = [
    |cache| cache.blocking().invalidate(&1),
    |cache| cache.blocking().put(&1, 2),
    |cache| cache.blocking().clear(),
];

/// Has a server with an old entry be down for a change.
fn down_for(change: Change) -> (Server, Cache<u32, u32>) {
    let mut server = Server::start();
    let cache = cache(&server.url());
    cache.blocking().put(&1, 1).unwrap();
    let _: () = server.command(&["SAVE"]);
    server.kill();
    let fault = change(&cache).unwrap_err();
    assert_eq!(fault.tier(), "redis");
    server.restart();
    assert_eq!(held(&server).len(), 1, "the old entry is back");
    (server, cache)
}

fn held(server: &Server) -> Vec<String> {
    server.command(&["KEYS", "*"])
}

#[test]
fn an_old_entry_that_comes_back_is_never_read() {
    for change in CHANGES {
        let (server, cache) = down_for(change);
        let took = wait_until(Duration::from_secs(6), "carrying it out", || {
            assert_ne!(cache.blocking().get(&1), Some(1));
            dcache::drain_blocking();
            held(&server).is_empty()
        });
        println!("carried out {took:.1?} after the server's return");
        assert_eq!(cache.stats().tiers[0].lost, 0);
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 3), 3);
        assert_eq!(cache.blocking().get(&1), Some(3));
    }
}

#[test]
fn whoever_uses_the_same_server_knows_of_it() {
    let (server, first) = down_for(CHANGES[0]);
    drop(first);
    let second = cache(&server.url());
    assert_eq!(second.stats().tiers[0].lost, 1);
    assert_eq!(second.blocking().get(&1), None);
    assert_eq!(second.stats().tiers[0].lost, 0);
}
