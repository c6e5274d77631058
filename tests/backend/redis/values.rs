//! What is stored, and how it is read again.

use std::time::Instant;

use super::*;

#[tokio::test]
async fn what_was_set_is_got_until_it_is_removed() {
    let server = Server::start();
    let tier = tier_of(&server);
    let binary = Bytes::from_static(b"\0\r\n$-1\r\n\xff");
    assert_eq!(tier.get(&key("a")).await.unwrap(), None);
    assert_eq!(tier.get_within(&key("a"), 100).await.unwrap(), None);
    tier.set(&key("a"), binary.clone(), None).await.unwrap();
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(binary.clone()));
    assert_eq!(tier.get_within(&key("a"), usize::MAX).await.unwrap(), Some(binary));
    tier.set(&key("a"), entry("new"), None).await.unwrap();
    assert_eq!(tier.get(&key("a")).await.unwrap(), Some(entry("new")));
    tier.remove(&key("a")).await.unwrap();
    tier.remove(&key("a")).await.unwrap();
    assert_eq!(tier.get(&key("a")).await.unwrap(), None);
    tier.check().await.unwrap();
}

#[test]
fn both_ways_reach_the_same_entries() {
    let server = Server::start();
    let tier = tier_of(&server);
    let now = blocking(&tier);
    assert_eq!(now.get(&key("a"), 100, AMPLE).unwrap(), None);
    now.set(&key("a"), entry("one"), None, AMPLE).unwrap();
    assert_eq!(pollster::block_on(tier.get(&key("a"))).unwrap(), Some(entry("one")));
    assert_eq!(server.command::<String>(&["GET", "test:function:a"]), "one");
    pollster::block_on(tier.set(&key("a"), entry("two"), None)).unwrap();
    assert_eq!(now.get(&key("a"), 100, AMPLE).unwrap(), Some(entry("two")));
    now.remove(&key("a"), AMPLE).unwrap();
    assert_eq!(pollster::block_on(tier.get(&key("a"))).unwrap(), None);
}

#[tokio::test]
async fn the_server_knows_the_life() {
    let server = Server::start();
    let tier = tier_of(&server);
    let left = || server.command::<i64>(&["PTTL", "test:function:a"]);
    tier.set(&key("a"), entry("e"), None).await.unwrap();
    assert_eq!(left(), -1);
    tier.set(&key("a"), entry("e"), Some(Duration::from_secs(100))).await.unwrap();
    assert!((50_000..=100_000).contains(&left()));
    blocking(&tier).set(&key("a"), entry("e"), Some(Duration::MAX), AMPLE).unwrap();
    assert!(left() > 90 * 365 * 24 * 60 * 60 * 1000);
    tier.set(&key("a"), entry("e"), Some(Duration::from_nanos(1))).await.unwrap();
    let deadline = Instant::now() + AMPLE;
    while tier.get(&key("a")).await.unwrap().is_some() {
        assert!(Instant::now() < deadline, "the entry outlives its life");
    }
}

#[tokio::test]
async fn larger_than_wanted_is_too_large() {
    let server = Server::start();
    let tier = tier_of(&server);
    tier.set(&key("a"), Bytes::from(vec![7; 1001]), None).await.unwrap();
    let error = tier.get_within(&key("a"), 1000).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::TooLarge, Operation::Get));
    let error = blocking(&tier).get(&key("a"), 1000, AMPLE).unwrap_err();
    assert_eq!((error.kind(), error.tier()), (ErrorKind::TooLarge, "redis"));
    assert_eq!(tier.get_within(&key("a"), 1001).await.unwrap().unwrap().len(), 1001);
    assert_eq!(blocking(&tier).get(&key("a"), 1001, AMPLE).unwrap().unwrap().len(), 1001);
}
