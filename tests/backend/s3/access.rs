//! Who is let in, and where that is said.

use dcache_backends::{Error, ErrorKind, Operation};

use super::*;

fn refused(tier: &S3) -> [Error; 3] {
    [
        run(tier.get(&key("a"))).unwrap_err(),
        run(tier.set(&key("a"), entry("a"), None)).unwrap_err(),
        run(tier.check()).unwrap_err(),
    ]
}

#[test]
fn a_wrong_secret_and_an_unknown_key_are_denied() {
    let server = Server::start();
    for (key, secret) in [(KEY, "another"), ("AKIDANOTHER", SECRET)] {
        let tier = S3::builder(&server.place()).credentials(key, secret).connect().unwrap();
        for error in refused(&tier) {
            assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
            assert!(error.to_string().contains("the credentials are refused"), "{error}");
        }
    }
}

#[test]
fn a_missing_bucket_is_bad_configuration_and_no_miss() {
    let server = Server::start();
    let tier = tier_at(&format!("{}/another/v1", server.url()));
    let look = || [run(tier.get(&key("a"))).unwrap_err(), run(tier.check()).unwrap_err()];
    let mut errors: Vec<_> = look().into_iter().chain(look()).collect();
    // this server makes a bucket where one is written to; others refuse to
    let writing = tier_of(&server);
    server.turn(Mood::refuses("404 Not Found", "NoSuchBucket"));
    errors.push(run(writing.set(&key("a"), entry("a"), None)).unwrap_err());
    errors.push(run(writing.remove(&key("a"))).unwrap_err());
    errors.push(run(writing.clear(key("a").scope())).unwrap_err());
    server.turn(Mood::Well);
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains("there is no such bucket"), "{error}");
    }
    std::fs::create_dir(server.root().join("another")).unwrap();
    run(tier.check()).unwrap();
    assert_eq!(run(tier.get(&key("a"))).unwrap(), None);
}

#[test]
fn the_environment_says_where_and_who() {
    let server = Server::start();
    let variables = [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL_S3", &server.url()),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_REGION", "eu-central-1"),
    ];
    with_environment("s3::access::the_environment_says_where_and_who", &variables, || {
        let tier = S3::connect("shop/v1").unwrap();
        run(tier.set(&key("a"), entry("a"), None)).unwrap();
        assert_eq!(run(tier.get(&key("a"))).unwrap(), Some(entry("a")));
    });
}

#[test]
fn without_credentials_the_error_says_where_they_come_from() {
    let server = Server::start();
    // where a machine of AWS has them, there is nobody
    let metadata = format!("http://127.0.0.1:{}", dcache_tests::redis::free_port());
    let variables =
        [("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.as_str()), ("AWS_ENDPOINT_URL", &server.url())];
    with_environment(
        "s3::access::without_credentials_the_error_says_where_they_come_from",
        &variables,
        || {
            let tier = S3::connect("shop/v1").unwrap();
            let error = run(tier.get(&key("a"))).unwrap_err();
            assert_eq!((error.kind(), error.operation()), (ErrorKind::Config, Operation::Connect));
            assert!(error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
        },
    );
}

#[test]
fn credentials_of_a_machine_s_role_are_used() {
    let server = Server::start();
    let metadata = Metadata::start();
    let variables =
        [("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.0.as_str()), ("AWS_ENDPOINT_URL", &server.url())];
    with_environment("s3::access::credentials_of_a_machine_s_role_are_used", &variables, || {
        let tier = S3::connect("shop/v1").unwrap();
        run(tier.set(&key("a"), entry("a"), None)).unwrap();
        assert_eq!(run(tier.get(&key("a"))).unwrap(), Some(entry("a")));
    });
}

/// What a machine of AWS has at 169.254.169.254.
struct Metadata(String);

impl Metadata {
    fn start() -> Self {
        use std::io::{BufRead, BufReader, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let Some(first) = lines.next() else { continue };
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let text = match first.split(' ').nth(1).unwrap() {
                    "/latest/api/token" => "token".to_owned(),
                    "/latest/meta-data/iam/security-credentials/" => "role".to_owned(),
                    _ => format!(
                        r#"{{"Code":"Success","AccessKeyId":"{KEY}","SecretAccessKey":"{SECRET}","Token":"token",
                            "Expiration":"2100-01-01T00:00:00Z"}}"#
                    ),
                };
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
                let _ = (&stream).write_all((head + &text).as_bytes());
            }
        });
        Self(address)
    }
}
