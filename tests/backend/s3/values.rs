//! What is written is read, as an object of its name.

use std::fs;

use super::*;

#[test]
fn an_entry_is_an_object_below_the_prefix() {
    let server = Server::start();
    let tier = tier_at(&format!("{}/cache/v1", server.place()));
    run(tier.set(&key("a"), entry("text"), Some(AMPLE))).unwrap();
    let file = server.folder().join("cache/v1").join(key("a").object_name());
    assert_eq!(fs::read(&file).unwrap(), b"text");
    assert_eq!(run(tier_of(&server).get(&key("a"))).unwrap(), None, "that is another place");
    run(tier.remove(&key("a"))).unwrap();
    assert!(!file.exists());
}

#[test]
fn clients_of_one_runtime_and_of_none_share_connections() {
    let server = Server::start();
    let tier = tier_of(&server);
    for round in 0..5 {
        let id = round.to_string();
        run(tier.set(&key(&id), entry(&id), None)).unwrap();
        assert_eq!(pollster::block_on(tier.clone().get(&key(&id))).unwrap(), Some(entry(&id)));
    }
    assert_eq!((server.requests(), server.connections()), (10, 1), "one after the other");
}

#[test]
fn no_more_of_an_entry_is_read_than_is_wanted() {
    let server = Server::start();
    let tier = tier_of(&server);
    run(tier.set(&key("a"), Bytes::from(vec![7; 100_000]), None)).unwrap();
    let of = |limit| run(tier.get_within(&key("a"), limit)).map(|entry| entry.unwrap().len());
    assert_eq!(of(100_000).unwrap(), 100_000);
    assert_eq!(of(99_999).unwrap_err().kind(), dcache_backends::ErrorKind::TooLarge);
    assert_eq!(of(0).unwrap_err().kind(), dcache_backends::ErrorKind::TooLarge);
}

#[test]
fn more_requests_than_may_be_under_way_are_all_answered() {
    let server = Server::start();
    let tier = tier_of(&server);
    run(tier.set(&key("a"), entry("a"), None)).unwrap();
    let found = run(async {
        let read = || {
            let tier = tier.clone();
            tokio::spawn(async move { tier.get(&key("a")).await })
        };
        futures::future::join_all((0..500).map(|_| read())).await
    });
    assert!(found.into_iter().all(|found| found.unwrap().unwrap() == Some(entry("a"))));
    let most = server.most_under_way();
    assert!((2..=128).contains(&most), "{most} requests at a time");
}
