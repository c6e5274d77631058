//! URLs hold passwords: right ones, and ones that are wrong in every place.

use dcache::{Cache, Fs, Redis, Tls, dcache};
use dcache_tests::with_environment;

use crate::canary::{secret, word};
use crate::ears;

/// Returns URLs with a user and a password, of which some make sense.
fn urls() -> Vec<String> {
    let (user, word, raw) = (word("user"), word("password"), secret("password"));
    let percent: String = raw.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut urls = Vec::new();
    for scheme in
        ["redis", "rediss", "valkey", "valkeys", "REDIS", "Rediss", "http", "redis+sentinel", "unix", ""]
    {
        for password in [&word, &percent, &raw] {
            for rest in
                ["127.0.0.1:1", "127.0.0.1:1/2", "[::1]:1", "h:99999", "h:port", "", "0.0.0.0", "a b", "[::"]
            {
                urls.push(format!("{scheme}://{user}:{password}@{rest}"));
                urls.push(format!("{scheme}://:{password}@{rest}"));
                urls.push(format!("{scheme}://{password}@{rest}"));
                urls.push(format!("{scheme}:{user}:{password}@{rest}"));
            }
            for end in ["", "/", "#insecure", "/#insecure", "?protocol=3", "#"] {
                urls.push(format!("{scheme}://h/{password}{end}"));
                urls.push(format!("{scheme}://h:{password}{end}"));
                urls.push(format!("{scheme}://h?protocol={password}{end}"));
                urls.push(format!("{scheme}://h?password={password}{end}"));
                urls.push(format!("{scheme}://h#{password}{end}"));
                urls.push(format!("{scheme}://{user}:1/{password}@h{end}"));
                urls.push(format!("{scheme}:///run/r.sock?db=1&user={user}&pass={password}{end}"));
                urls.push(format!("{scheme}:///run/r.sock?db={password}{end}"));
                urls.push(format!("{password}{end}"));
                urls.push(format!("{password}://h{end}"));
            }
        }
    }
    urls
}

/// Tells whether a URL is one whose host or path is itself the secret, by the writer's own mistake.
fn names_a_secret_host(redis: &Redis) -> bool {
    let address = redis.address().split_once("://").map(|(_, rest)| rest.trim_start_matches("***@"));
    address.is_some_and(|address| address.to_lowercase().starts_with("kanari"))
}

#[test]
fn a_url_is_never_quoted() {
    ears::open();
    let (mut right, mut wrong) = (0, 0);
    for url in urls() {
        match Redis::connect(&url) {
            Ok(redis) if names_a_secret_host(&redis) => panic!("a password became a host: {url}"),
            Ok(redis) => {
                right += 1;
                ears::debug(&redis);
                ears::hear("address", redis.address());
                let tier = redis.clone();
                let built: Result<Cache<u8, u8>, _> = Cache::builder("url").tier(tier).build();
                ears::outcome(built);
            }
            Err(error) => {
                wrong += 1;
                ears::error(&error);
            }
        }
        let tls = Tls::new().trust(secret("certificate")).identity(secret("chain"), secret("key"));
        ears::debug(&tls);
        ears::outcome(Redis::connect_with(&url, tls));
    }
    assert!(right > 100 && wrong > 100, "{right} right, {wrong} wrong");
    ears::assert_no_secret();
}

#[dcache(backend = redis(url = format!("redis://{}@h", word("password"))), ttl = "1h")]
fn without_a_password(n: u8) -> u8 {
    n
}

#[dcache(backend = redis(url = format!("rediss://:{}@h#insecure", word("password"))), ttl = "1h")]
fn insecure(n: u8) -> u8 {
    n
}

#[dcache(backend = redis(url = format!("redis://u:{}@192.0.2.1", word("password")), timeout = "1ms"), ttl = "1h")]
fn exposed(n: u8) -> u8 {
    n
}

#[dcache(backend = redis(url = secret("url")), ttl = "1h")]
fn nonsense(n: u8) -> u8 {
    n
}

#[dcache(backend = redis(env = "SHOP_REDIS"), ttl = "1h")]
fn by_variable(n: u8) -> u8 {
    n
}

#[dcache(backend = redis(env = "redis://:Kanari42Kanari42@h"), ttl = "1h")]
fn by_a_variable_that_is_a_url(n: u8) -> u8 {
    n
}

#[dcache(backend = redis, ttl = "1h")]
fn by_the_usual_variable(n: u8) -> u8 {
    n
}

#[test]
fn functions_keep_their_urls_to_themselves() {
    let url = format!("redis://{}:{}@h:port/", word("user"), word("password"));
    let usual = format!("redis://u:{}@127.0.0.1:1", word("password"));
    let variables = [("SHOP_REDIS", url.as_str()), ("DCACHE_REDIS_URL", usual.as_str())];
    with_environment("urls::functions_keep_their_urls_to_themselves", &variables, || {
        ears::open();
        assert_eq!((without_a_password(1), insecure(1), exposed(1), nonsense(1)), (1, 1, 1, 1));
        assert_eq!((by_variable(1), by_a_variable_that_is_a_url(1), by_the_usual_variable(1)), (1, 1, 1));
        ears::outcome(by_the_usual_variable::invalidate(1));
        ears::program();
        for words in [
            "a password alone is",
            "#insecure",
            "plain text",
            "is no URL",
            "does not parse",
            "Connection refused",
        ] {
            ears::assert_heard(words);
        }
        ears::assert_no_secret();
    });
}

#[test]
fn folders_that_cannot_be_had_do_not_matter() {
    ears::open();
    // a path is no secret, and is named; what lies in it is not
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), secret("content")).unwrap();
    ears::outcome(Fs::open(folder.path().join("file")));
    ears::debug(&Fs::open(folder.path().join("cache")).unwrap());
    for _ in 0..5 {
        ears::program();
    }
    ears::assert_no_secret();
}
