//! Servers that are gone, silent, refusing or no S3: each has its error, in time; what may be tried again is.

use std::time::Instant;

use dcache_backends::{ErrorKind, Operation};
use dcache_tests::redis::free_port;
use tokio::time::timeout;

use super::*;

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let tier = tier_at(&format!("http://127.0.0.1:{}/shop", free_port()));
    let error = run(tier.get(&key("a"))).unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Unavailable, Operation::Connect));
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn a_restarted_server_is_found_again() {
    let mut server = Server::start();
    let tier = tier_of(&server);
    for _ in 0..3 {
        run(tier.set(&key("a"), entry("a"), None)).unwrap();
        server.restart();
        assert_eq!(run(tier.get(&key("a"))).unwrap(), Some(entry("a")), "the very next call works");
    }
}

#[test]
fn a_silent_server_costs_the_budget_and_no_more() {
    let server = Server::start();
    let tier = tier_of(&server);
    run(tier.set(&key("a"), entry("a"), None)).unwrap();
    server.turn(Mood::Silent);
    let start = Instant::now();
    run(async {
        assert!(timeout(Duration::from_millis(100), tier.get(&key("a"))).await.is_err());
        assert!(timeout(Duration::from_millis(100), tier.set(&key("a"), entry("b"), None)).await.is_err());
    });
    assert!(start.elapsed() < Duration::from_secs(2));
    server.turn(Mood::Well);
    assert_eq!(run(tier.get(&key("a"))).unwrap(), Some(entry("a")), "what was given up wrote nothing");
}

/// Turns a server into one that says this to all; returns the errors of a look, a write and a removal, and how many
/// requests each of them took.
fn errors(mood: Mood) -> [(ErrorKind, String, usize); 3] {
    let server = Server::start();
    let tier = tier_of(&server);
    server.turn(mood);
    let key = key("a");
    let error = |what: &dyn Fn() -> dcache_backends::Error| {
        let before = server.requests();
        let error = what();
        (error.kind(), error.to_string(), server.requests() - before)
    };
    [
        error(&|| run(tier.get(&key)).unwrap_err()),
        error(&|| run(tier.set(&key, entry("a"), None)).unwrap_err()),
        error(&|| run(tier.remove(&key)).unwrap_err()),
    ]
}

#[test]
fn a_server_that_asks_for_fewer_requests_is_asked_three_times() {
    for (kind, text, requests) in errors(Mood::refuses("503 Slow Down", "SlowDown")) {
        assert_eq!((kind, requests), (ErrorKind::Unavailable, 3), "{text}");
        assert!(text.contains("asks for fewer requests"), "{text}");
    }
}

#[test]
fn a_write_whose_outcome_is_not_known_is_not_sent_again() {
    let [get, set, remove] = errors(Mood::answers("504 Gateway Timeout", "text/html", "<html></html>"));
    assert_eq!((get.2, set.2, remove.2), (3, 1, 1));
    assert!([get, set, remove].iter().all(|error| error.0 == ErrorKind::Unavailable));
    let [get, set, remove] = errors(Mood::Says(b"HTTP/1.1 200 OK\r\nContent-Le".to_vec()));
    assert_eq!((get.2, set.2, remove.2), (3, 1, 1), "{get:?} {set:?} {remove:?}");
}

#[test]
fn who_may_not_is_told_what_it_takes() {
    for (kind, text, requests) in errors(Mood::refuses("403 Forbidden", "AccessDenied")) {
        assert_eq!((kind, requests), (ErrorKind::Denied, 1));
        assert!(text.contains("s3:ListBucket"), "{text}");
    }
}

#[test]
fn a_bucket_of_another_region_is_bad_configuration() {
    let text = "<Error><Code>PermanentRedirect</Code></Error>";
    let answer = format!(
        "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    for (kind, text, requests) in errors(Mood::Says(answer.into_bytes())) {
        assert_eq!((kind, requests), (ErrorKind::Config, 1));
        assert!(text.contains("in the region eu-west-1"), "{text}");
    }
}

#[test]
fn what_is_no_s3_is_no_miss() {
    for mood in [
        Mood::answers("404 Not Found", "text/html", "<html>hunter2</html>"),
        Mood::Says(b"SSH-2.0-OpenSSH_9.2 hunter2\r\n".to_vec()),
    ] {
        for (kind, text, _) in errors(mood.clone()) {
            assert_eq!(kind, ErrorKind::Protocol, "{mood:?}: {text}");
            assert!(text.contains("no answer of S3") && !text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn a_page_that_answers_everything_has_written_and_removed_nothing() {
    let server = Server::start();
    let tier = tier_of(&server);
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>";
    server.turn(Mood::Says(page.as_bytes().to_vec()));
    assert_eq!(
        run(tier.get(&key("a"))).unwrap(),
        Some(entry("<html></html>")),
        "as an entry it is a bad one"
    );
    for error in [
        run(tier.set(&key("a"), entry("a"), None)).unwrap_err(),
        run(tier.remove(&key("a"))).unwrap_err(),
        run(tier.clear(key("a").scope())).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}

#[test]
fn an_entry_that_ends_early_is_none() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"a\"\r\nConnection: close\r\n\r\nshort";
    let server = Server::start();
    server.turn(Mood::Says(head.as_bytes().to_vec()));
    let error = run(tier_of(&server).get(&key("a"))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Protocol), "{error}");
    assert_eq!(server.requests(), 2, "the rest of it was asked for, and came as a whole");
}

#[test]
fn an_answer_that_is_longer_than_announced_is_not_read() {
    // both lengths at once: chunks count, and what was announced bounds them
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n".to_vec();
    for _ in 0..1000 {
        answer.extend_from_slice(b"400\r\n");
        answer.extend_from_slice(&[b'a'; 1024]);
        answer.extend_from_slice(b"\r\n");
    }
    let [get, ..] = errors(Mood::Says(answer));
    assert_eq!(get.0, ErrorKind::Protocol, "{get:?}");
}
