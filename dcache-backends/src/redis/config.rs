//! [`Redis`]: a server, and the connections to it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::address::{self, Address};
use super::connector::Connector;
use super::fault::TIER;
use super::pool::Pool;
use super::registry::Registry;
#[cfg(feature = "redis-tls")]
use crate::tls::{Handshake, Tls};
use crate::{Error, ErrorKind, Operation};

/// A Redis or Valkey server, or anything else that speaks its protocol, as a tier.
///
/// Cheap to clone; clones share their connections.
///
/// ```no_run
/// use std::time::Duration;
/// use dcache_backends::redis::Redis;
/// use dcache_backends::{Backend, Bytes, Key, Scope};
///
/// # async fn example() -> Result<(), dcache_backends::Error> {
/// let redis = Redis::connect("redis://127.0.0.1:6379")?;
/// let key = Key::new(&Scope::new("shop", "quote"), "42");
/// redis.set(&key, Bytes::from("entry"), Some(Duration::from_secs(60))).await?;
/// assert_eq!(redis.get(&key).await?, Some(Bytes::from("entry")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    address: String,
    is_exposed: bool,
    registry: Arc<Registry>,
    /// For synchronous callers; none over TLS.
    pool: Option<Pool>,
}

impl Redis {
    /// Names a server by its URL: checks the URL, and connects at the first use.
    ///
    /// | | |
    /// |---|---|
    /// | `redis://127.0.0.1:6379` | a server; `valkey://` means the same, and 6379 is the default port |
    /// | `redis://:password@host/2` | with a password, and database 2 instead of 0 |
    /// | `redis://user:password@host` | with a user |
    /// | `rediss://host` | over TLS, with the feature `redis-tls`; also `valkeys://` |
    /// | `unix:///run/redis.sock?db=2&user=me&pass=secret` | over a Unix socket; also `redis+unix://` |
    ///
    /// The certificate of a `rediss://` server is always verified: it is for this host, in its time, and by an
    /// authority that the machine trusts, or that the PEM file trusts which the variable `SSL_CERT_FILE` names.
    /// Nothing else is to set up. `#insecure`, which other programs know, is refused.
    ///
    /// Special characters in user and password are percent-encoded. Fails with [`ErrorKind::Config`] if the URL
    /// makes no sense; the error says what to write and never quotes the URL, which may hold a password.
    ///
    /// ```
    /// use dcache_backends::redis::Redis;
    ///
    /// let redis = Redis::connect("redis://:secret@127.0.0.1")?;
    /// assert_eq!(redis.address(), "redis://***@127.0.0.1:6379/0");
    ///
    /// let error = Redis::connect("127.0.0.1:6379").unwrap_err();
    /// assert!(error.to_string().contains("redis://"));
    /// # Ok::<(), dcache_backends::Error>(())
    /// ```
    pub fn connect(url: &str) -> Result<Self, Error> {
        let address = address::parse(url).map_err(unusable)?;
        #[cfg(feature = "redis-tls")]
        if address.tls {
            return Self::over_tls(address, Tls::new());
        }
        Ok(Self::plain(address))
    }

    /// Names a `rediss://` server, and who is trusted there and presented to it.
    ///
    /// Fails with [`ErrorKind::Config`] if the URL or what was given for TLS makes no sense, or if the URL is none
    /// of TLS.
    ///
    /// ```no_run
    /// use dcache_backends::redis::{Redis, Tls};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let tls = Tls::new().trust(std::fs::read("/etc/shop/ca.pem")?);
    /// let redis = Redis::connect_with("rediss://:secret@10.0.0.7", tls)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "redis-tls")]
    pub fn connect_with(url: &str, tls: Tls) -> Result<Self, Error> {
        let address = address::parse(url).map_err(unusable)?;
        if !address.tls {
            return Err(unusable("the URL is none of TLS; write `rediss://`"));
        }
        Self::over_tls(address, tls)
    }

    fn plain(address: Address) -> Self {
        let registry = Registry::new(Connector::plain(address.server.clone()));
        let pool = Pool::new(address.server.clone(), address.redacted());
        Self::new(&address, registry, Some(pool))
    }

    #[cfg(feature = "redis-tls")]
    fn over_tls(address: Address, tls: Tls) -> Result<Self, Error> {
        let handshake = Some(Arc::new(Handshake::new(tls).map_err(unusable)?));
        let registry = Registry::new(Connector { server: address.server.clone(), handshake });
        Ok(Self::new(&address, registry, None))
    }

    fn new(address: &Address, registry: Arc<Registry>, pool: Option<Pool>) -> Self {
        let (is_exposed, address) = (address.is_exposed(), address.redacted());
        Self(Arc::new(Inner { address, is_exposed, registry, pool }))
    }

    /// Returns the server's address for logs, with `***` in place of user and password.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// Tells whether what is sent to the server can be read on the way: without TLS to another machine.
    ///
    /// ```
    /// use dcache_backends::redis::Redis;
    ///
    /// assert!(Redis::connect("redis://10.0.0.7")?.is_exposed());
    /// assert!(!Redis::connect("redis://localhost")?.is_exposed());
    /// # Ok::<(), dcache_backends::Error>(())
    /// ```
    pub fn is_exposed(&self) -> bool {
        self.0.is_exposed
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    pub(super) fn pool(&self) -> Option<&Pool> {
        self.0.pool.as_ref()
    }
}

fn unusable(advice: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, Operation::Configure).with_tier(TIER).with_context(advice)
}

/// Shows the address without user and password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redis").field(&self.address()).finish()
    }
}
