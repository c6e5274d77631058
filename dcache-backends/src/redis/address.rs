//! The URL of a server: parsed, and redacted for logs.

use std::borrow::Cow;

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, parse_redis_url};

use crate::host::is_loopback;

type Advice = Cow<'static, str>;

const TLS: &str = "TLS needs dcache's feature `redis-tls`; without it write `redis://`";
const INSECURE: &str = "`#insecure` is refused: without a look at its certificate anybody can pose as the server; name \
    its certificate authority in SSL_CERT_FILE, or by `Redis::connect_with`";
const SCHEME: &str = "this is no URL of a Redis server; write `redis://user:password@host:6379/0`";
const ENCODE: &str = "the URL does not parse; percent-encode special characters of user and password, as in \
    `redis://:p%40ss@host:6379/0`";
const PASSWORD: &str = "the URL has a user and no password; a password alone is `redis://:password@host`";
const DATABASE: &str = "the URL's path is no database number; write `redis://host:6379/0`";

/// What a URL says.
#[derive(Debug)]
pub(super) struct Address {
    /// Where the server is, and the login.
    pub(super) server: ConnectionInfo,
    /// Whether it is spoken to by TLS.
    pub(super) tls: bool,
}

/// Reads a URL; on failure it says what to write, without quoting anything.
pub(super) fn parse(url: &str) -> Result<Address, Advice> {
    let (scheme, rest) = url.split_once("://").ok_or(SCHEME)?;
    let after_host = after_host(rest);
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "rediss" | "valkeys" if !cfg!(feature = "redis-tls") => return Err(TLS.into()),
        // a `/`, `?` or `#` in a password ends the host early, so that a part of the password counts as host
        "redis" | "valkey" | "rediss" | "valkeys" if after_host.contains('@') => return Err(ENCODE.into()),
        "redis" | "valkey" | "rediss" | "valkeys" if after_host.contains('#') => {
            return Err(if after_host.ends_with("#insecure") { INSECURE } else { ENCODE }.into());
        }
        "rediss" | "valkeys" => true,
        "redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix" => false,
        _ => return Err(SCHEME.into()),
    };
    // the TLS is ours, and the client is told nothing of it
    let plain = if tls { Cow::from(format!("redis://{rest}")) } else { url.into() };
    let server = parse_redis_url(&plain).ok_or(ENCODE)?.into_connection_info().map_err(|cause| {
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
    let server = server.set_tcp_settings(TcpSettings::default().set_nodelay(true)).set_redis_settings(login);
    Ok(Address { server, tls })
}

/// Returns what follows user, password, host and port.
fn after_host(rest: &str) -> &str {
    &rest[rest.find(['/', '?', '#']).unwrap_or(rest.len())..]
}

impl Address {
    /// Writes the address without user and password.
    pub(super) fn redacted(&self) -> String {
        let login = self.server.redis_settings();
        let database = login.db();
        let secret = if login.password().is_some() { "***@" } else { "" };
        let scheme = if self.tls { "rediss" } else { "redis" };
        match self.server.addr() {
            ConnectionAddr::Tcp(host, port) if host.contains(':') => {
                format!("{scheme}://{secret}[{host}]:{port}/{database}")
            }
            ConnectionAddr::Unix(path) => format!("unix://{secret}{}?db={database}", path.display()),
            address => format!("{scheme}://{secret}{address}/{database}"),
        }
    }

    /// Tells whether what is sent there can be read on the way: it leaves this machine without TLS.
    pub(super) fn is_exposed(&self) -> bool {
        match self.server.addr() {
            ConnectionAddr::Tcp(host, _) => !self.tls && !is_loopback(host),
            _ => false,
        }
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
            assert_eq!(parse(url).unwrap().redacted(), shown, "{url}");
        }
    }

    #[test]
    fn the_login_is_taken_from_the_url() {
        let server = parse("redis://me:hun%40ter2@h/1").unwrap().server;
        let login = server.redis_settings();
        assert_eq!((login.username(), login.password(), login.db()), (Some("me"), Some("hun@ter2"), 1));
        assert!(login.skip_set_lib_name() && server.tcp_settings().nodelay());
    }

    #[test]
    #[cfg(feature = "redis-tls")]
    fn tls_is_in_the_scheme() {
        for (url, shown) in [
            ("rediss://:hunter2@h", "rediss://***@h:6379/0"),
            ("REDISS://h:1/2", "rediss://h:1/2"),
            ("valkeys://[::1]", "rediss://[::1]:6379/0"),
        ] {
            let address = parse(url).unwrap();
            assert!(address.tls && !address.is_exposed());
            assert_eq!(address.redacted(), shown, "{url}");
        }
        for url in ["rediss://h/#insecure", "rediss://:hunter2@h#insecure", "valkeys://h/?x=1#insecure"] {
            assert_eq!(parse(url).unwrap_err(), INSECURE, "{url}");
        }
        assert_eq!(parse("rediss://:hun#insecure@h").unwrap_err(), ENCODE);
        assert_eq!(parse("rediss://h/#secure").unwrap_err(), ENCODE);
    }

    #[test]
    #[cfg(not(feature = "redis-tls"))]
    fn tls_without_its_feature_is_refused() {
        for url in ["rediss://:hunter2@h", "valkeys://:hunter2@h", "rediss://h/#insecure"] {
            assert_eq!(parse(url).unwrap_err(), TLS, "{url}");
        }
    }

    #[test]
    fn what_stays_on_this_machine_is_not_exposed() {
        for url in
            ["redis://127.0.0.1", "redis://127.9.9.9", "redis://[::1]", "redis://LocalHost", "unix:///r"]
        {
            assert!(!parse(url).unwrap().is_exposed(), "{url}");
        }
        for url in ["redis://10.0.0.1", "redis://redis", "redis://[fe80::1]", "redis://localhost.example"] {
            assert!(parse(url).unwrap().is_exposed(), "{url}");
        }
        assert!(!parse("redis://[::ffff:127.0.0.1]").unwrap().is_exposed());
        assert!(!parse("redis://redis.localhost.").unwrap().is_exposed());
    }

    #[test]
    fn bad_urls_get_advice_that_quotes_nothing() {
        for (url, advice) in [
            ("", SCHEME),
            ("localhost:6379", SCHEME),
            ("http://hunter2@h", SCHEME),
            ("redis+sentinel://hunter2@h", SCHEME),
            ("redis://:hunter2@h/#insecure", INSECURE),
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
