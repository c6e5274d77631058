//! Who is let in, and where.

use super::*;

#[tokio::test]
async fn user_password_and_database_come_from_the_url() {
    let server = Server::start();
    server.command::<()>(&["ACL", "SETUSER", "me", "on", ">s@cret", "~test:*", "+@all"]);
    let tier = Redis::connect(&format!("redis://me:s%40cret@127.0.0.1:{}/3", server.port())).unwrap();
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    assert_eq!(server.command::<usize>(&["DBSIZE"]), 0);
    assert!(server.command::<String>(&["INFO", "keyspace"]).contains("db3:keys=2"));
    assert!(!format!("{tier:?} {}", tier.address()).contains("s@cret"));
}

#[tokio::test]
async fn a_user_needs_five_commands_only() {
    let server = Server::start();
    let rights = ["+get", "+getrange", "+set", "+del", "+scan"];
    let user = ["ACL", "SETUSER", "me", "on", ">secret", "~test:*"];
    server.command::<()>(&[&user[..], &rights[..]].concat());
    let tier = Redis::connect(&format!("redis://me:secret@127.0.0.1:{}", server.port())).unwrap();
    tier.check().await.unwrap();
    round_trip(&tier, "a").await.unwrap();
    tier.remove(&key("a")).await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    assert_eq!(tier.clear(&Scope::new("test", "function")).await.unwrap(), 1);
    let foreign = Key::new(&Scope::new("other", "function"), "argument");
    for error in [
        tier.get(&foreign).await.unwrap_err(),
        blocking(&tier).set(&foreign, entry("e"), None, AMPLE).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert!(!format!("{error} {error:?}").contains("argument"));
    }
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_denied() {
    let server = Server::start_with(&["--requirepass", "right"]);
    let at = format!("127.0.0.1:{}", server.port());
    for url in [
        format!("redis://:wrong@{at}"),
        format!("redis://:wrong@{at}/2"),
        format!("redis://{at}"),
        format!("redis://{at}/2"),
    ] {
        let tier = Redis::connect(&url).unwrap();
        for error in [
            tier.get(&key("a")).await.unwrap_err(),
            tier.check().await.unwrap_err(),
            blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Denied, "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("wrong@"));
        }
    }
    let tier = Redis::connect(&format!("redis://:right@{at}")).unwrap();
    tier.check().await.unwrap();
    blocking_round_trip(&tier, "a").unwrap();
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_bad_configuration() {
    let server = Server::start_with(&["--databases", "2"]);
    let tier = Redis::connect(&format!("{}/2", server.url())).unwrap();
    assert_eq!(tier.check().await.unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(blocking(&tier).get(&key("a"), 100, AMPLE).unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_unix_socket_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("redis.sock");
    let server = Server::start_with(&["--unixsocket", path.to_str().unwrap(), "--requirepass", "secret"]);
    let tier = Redis::connect(&format!("unix://{}?db=1&pass=secret", path.display())).unwrap();
    round_trip(&tier, "a").await.unwrap();
    blocking_round_trip(&tier, "b").unwrap();
    drop(server);
    assert_eq!(tier.get(&key("a")).await.unwrap_err().kind(), ErrorKind::Unavailable);
}
