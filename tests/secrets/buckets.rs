//! Credentials of buckets: in servers that fail, refuse, and quote what they were sent, and in names of buckets.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use dcache::{Cache, S3, Tls, dcache};
use dcache_tests::redis::free_port;
use dcache_tests::s3::Server;
use dcache_tests::{run, with_environment};

use crate::canary::{secret, word};
use crate::ears;

/// A server that answers each request with this status, and with what it was sent in every place.
fn quoting(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serve = move |mut stream: TcpStream| {
        let mut sent = [0; 16 << 10];
        let Ok(length) = stream.read(&mut sent) else { return };
        let quoted = String::from_utf8_lossy(&sent[..length]).replace(['\r', '\n'], " ");
        let key = word("key");
        let text = format!("<Error><Code>{key}</Code><Message>{quoted}</Message></Error>{quoted}");
        let head = format!(
            "HTTP/1.1 {status}\r\nx-amz-bucket-region: {key}\r\nETag: \"{key}\"\r\nX-Quoted: {quoted}\r\n"
        );
        let length = text.len();
        let _ = stream.write_all(
            format!("{head}Content-Length: {length}\r\nConnection: close\r\n\r\n{text}").as_bytes(),
        );
    };
    thread::spawn(move || {
        listener.incoming().flatten().for_each(|stream| _ = thread::spawn(move || serve(stream)))
    });
    address
}

/// Returns a tier whose credentials are secrets.
fn tier(endpoint: &str) -> S3 {
    let builder = S3::builder("shop/v1").endpoint(endpoint).credentials(word("key"), word("secret"));
    let builder = builder.session_token(word("token")).time_budget(Duration::from_secs(1));
    ears::debug(&builder);
    let tier = builder.connect().unwrap();
    ears::debug(&tier);
    ears::hear("address", tier.address());
    tier
}

/// Does everything with a bucket at this endpoint, again and again, with a key that shows an argument's digest alone.
fn ask_all(endpoint: &str) {
    let cache: Cache<String, String> = Cache::builder("bucket")
        .no_memory()
        .tier(tier(endpoint))
        .ttl(Duration::from_secs(60))
        .build()
        .unwrap();
    let argument = secret("argument");
    for _ in 0..3 {
        let found = cache.blocking().get_or_insert_with(&argument, || secret("value"));
        assert_eq!(found, secret("value"));
        let found = run(cache.get_or_insert_with(&argument, || async { secret("value") }));
        assert_eq!(found, secret("value"));
        ears::outcome(cache.blocking().put(&argument, secret("value")));
        ears::outcome(run(cache.put(&argument, secret("value"))));
        ears::outcome(cache.blocking().invalidate(&argument));
        ears::outcome(run(cache.clear()));
    }
    ears::debug(&cache.stats());
    let by_itself: &dyn dcache::Backend = &tier(endpoint);
    ears::outcome(run(by_itself.check()));
}

#[test]
fn servers_that_quote_requests() {
    ears::open();
    for status in [
        "200 OK",
        "204 No Content",
        "301 Moved",
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "409 Conflict",
        "416 Range",
        "500 Error",
        "503 Slow Down",
        "507 Full",
        "999 None",
    ] {
        ask_all(&quoting(status));
    }
    for words in
        ["no answer of S3", "s3:ListBucket", "the credentials are refused", "status 500", "AWS_REGION"]
    {
        ears::assert_heard(words);
    }
    ears::program();
    ears::assert_no_secret();
}

#[test]
fn servers_that_are_not_there_or_let_nobody_in() {
    ears::open();
    ask_all(&format!("http://127.0.0.1:{}", free_port()));
    ask_all(&format!("https://127.0.0.1:{}", free_port()));
    let server = Server::start();
    ask_all(&server.url());
    ask_all(&server.url().replace("http", "https"));
    ears::assert_heard("refused");
    ears::assert_heard("the server has no such access key");
    ears::assert_heard("speaks no TLS");
    ears::program();
    ears::assert_no_secret();
}

#[test]
fn a_name_of_a_bucket_is_never_quoted() {
    ears::open();
    let (word, raw) = (word("secret"), secret("secret"));
    let places = [
        format!("s3://{word}:{word}@shop"),
        format!("http://{word}:{word}@h/shop"),
        format!("https://{word}@h/shop"),
        format!("{word}://shop"),
        format!("http://h:{word}/shop"),
        format!("s3://{word}:shop"),
        format!("shop/{raw}"),
        raw.clone(),
        format!("s3://{raw}"),
        format!("http://{raw}/shop"),
    ];
    for place in &places {
        let error = S3::connect(place).expect_err(place);
        ears::error(&error);
        ears::debug(&S3::builder(place).credentials(&raw, &raw).session_token(&raw));
    }
    for builder in [
        S3::builder("shop").credentials(&raw, &word),
        S3::builder("shop").credentials(&word, &raw),
        S3::builder("shop").credentials(&word, &word).session_token(&raw),
        S3::builder("shop").credentials(&word, &word).region(&raw),
        S3::builder("shop").credentials(&word, &word).endpoint(&raw),
        S3::builder("shop").credentials(&word, &word).endpoint(format!("http://{word}:{word}@h")),
        S3::builder("shop").credentials(&word, &word).tls(Tls::new().trust(raw.clone())),
    ] {
        ears::debug(&builder);
        ears::error(&builder.connect().unwrap_err());
    }
    ears::assert_no_secret();
}

#[dcache(backend = [s3("http://127.0.0.1:1/shop"), s3(env = "SHOP_BUCKET"), s3], ttl = "1h")]
fn by_environment(n: u8) -> u8 {
    n
}

#[test]
fn functions_keep_credentials_to_themselves() {
    let (secret, place) = (secret("secret"), format!("s3://{}:{}@shop", word("key"), word("secret")));
    let (good, token) = (word("secret"), word("token"));
    let test = "buckets::functions_keep_credentials_to_themselves";
    // first with credentials that can be used, then with a secret that nobody has
    for step in [&good, &secret] {
        let variables = [
            ("AWS_ACCESS_KEY_ID", good.as_str()),
            ("AWS_SECRET_ACCESS_KEY", step.as_str()),
            ("AWS_SESSION_TOKEN", token.as_str()),
            ("SHOP_BUCKET", place.as_str()),
            ("DCACHE_S3_URL", "http://127.0.0.1:2/shop"),
        ];
        with_environment(test, &variables, || {
            ears::open();
            assert_eq!((by_environment(1), by_environment(1)), (1, 1));
            ears::outcome(by_environment::invalidate(1));
            ears::program();
            ears::assert_heard("AWS_ACCESS_KEY_ID");
            ears::assert_no_secret();
        });
        if dcache_tests::is_child() {
            return;
        }
    }
}
