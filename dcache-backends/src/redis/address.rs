//! The URL of a server: parsed, and redacted for logs.

use std::borrow::Cow;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, parse_redis_url};

type Advice = Cow<'static, str>;

const TLS: &str = "TLS needs dcache's feature `redis-tls`; without it write `redis://`";
const SCHEME: &str = "this is no URL of a Redis server; write `redis://user:password@host:6379/0`";
const ENCODE: &str = "the URL does not parse; percent-encode special characters of user and password, as in \
    `redis://:p%40ss@host:6379/0`";
const PASSWORD: &str = "the URL has a user and no password; a password alone is `redis://:password@host`";
const DATABASE: &str = "the URL's path is no database number; write `redis://host:6379/0`";

/// Reads a URL; on failure it says what to write, without quoting anything.
pub(super) fn parse(url: &str) -> Result<ConnectionInfo, Advice> {
    let (scheme, rest) = url.split_once("://").ok_or(SCHEME)?;
    match scheme.to_ascii_lowercase().as_str() {
        // a `/`, `?` or `#` in a password ends the host early, so that a part of the password counts as host
        "redis" | "valkey" if after_host(rest).contains(['@', '#']) => return Err(ENCODE.into()),
        "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => {}
        "rediss" | "valkeys" => return Err(TLS.into()),
        _ => return Err(SCHEME.into()),
    }
    let server = parse_redis_url(url).ok_or(ENCODE)?.into_connection_info().map_err(|cause| {
        // the client's words up to the dash are constants
        let words = cause.to_string().split(" - ").next().unwrap_or_default().to_lowercase();
        if words.contains("database") { DATABASE.into() } else { Cow::from(format!("{words}; {SCHEME}")) }
    })?;
    let login = server.redis_settings();
    if login.username().is_some() && login.password().is_none() {
        return Err(PASSWORD.into()); // the client would not log in at all
    }
    if login.db() < 0 {
        return Err(DATABASE.into());
    }
    // unlike the client by itself: `TCP_NODELAY`, and no `CLIENT SETINFO` that a proxy may refuse
    let login = login.clone().set_skip_set_lib_name();
    Ok(server.set_tcp_settings(TcpSettings::default().set_nodelay(true)).set_redis_settings(login))
}

/// Returns what follows user, password, host and port.
fn after_host(rest: &str) -> &str {
    &rest[rest.find(['/', '?', '#']).unwrap_or(rest.len())..]
}

/// Writes the address without user and password.
pub(super) fn redacted(server: &ConnectionInfo) -> String {
    let login = server.redis_settings();
    let database = login.db();
    let secret = if login.password().is_some() { "***@" } else { "" };
    match server.addr() {
        ConnectionAddr::Tcp(host, port) if host.contains(':') => {
            format!("redis://{secret}[{host}]:{port}/{database}")
        }
        ConnectionAddr::Unix(path) => format!("unix://{secret}{}?db={database}", path.display()),
        address => format!("redis://{secret}{address}/{database}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_show_no_secret() {
        for (url, shown) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
            ("redis://localhost:7000/3", "redis://localhost:7000/3"),
            ("valkey://localhost", "redis://localhost:6379/0"),
            ("redis://me:hunter2@[::1]:7000", "redis://***@[::1]:7000/0"),
            ("redis://:hun%40ter2@h/1", "redis://***@h:6379/1"),
            ("unix:///run/r@1.sock?db=2&user=me&pass=hunter2", "unix://***@/run/r@1.sock?db=2"),
            ("redis+unix:///run/redis.sock", "unix:///run/redis.sock?db=0"),
        ] {
            assert_eq!(redacted(&parse(url).unwrap()), shown, "{url}");
        }
    }

    #[test]
    fn the_login_is_taken_from_the_url() {
        let server = parse("redis://me:hun%40ter2@h/1").unwrap();
        let login = server.redis_settings();
        assert_eq!((login.username(), login.password(), login.db()), (Some("me"), Some("hun@ter2"), 1));
        assert!(login.skip_set_lib_name() && server.tcp_settings().nodelay());
    }

    #[test]
    fn bad_urls_get_advice_that_quotes_nothing() {
        for (url, advice) in [
            ("", SCHEME),
            ("localhost:6379", SCHEME),
            ("http://hunter2@h", SCHEME),
            ("redis+sentinel://hunter2@h", SCHEME),
            ("rediss://:hunter2@h", TLS),
            ("valkeys://:hunter2@h", TLS),
            ("redis://:hun#ter2@h", ENCODE),
            ("redis://:hun/ter2@h", ENCODE),
            ("redis://me:12/hunter2@h", ENCODE),
            ("redis://me:12?hunter2@h", ENCODE),
            ("redis://me:12#hunter2@h", ENCODE),
            ("redis://hunter2@h", PASSWORD),
            ("redis://h/hunter2", DATABASE),
            ("redis://h/-1", DATABASE),
        ] {
            assert_eq!(parse(url).unwrap_err(), advice, "{url}");
        }
        let others =
            ["redis://", "redis://:hunter2@", "redis://0.0.0.0", "redis://h?protocol=hunter2", "unix://h"];
        for url in others {
            let advice = parse(url).unwrap_err();
            assert!(!advice.contains("hunter2") && advice.contains("redis://"), "{url}: {advice}");
        }
    }
}
