//! [`Redis`]: a server, and the connections to it.

use std::fmt;
use std::sync::Arc;

use redis::Client;

use super::address;
use super::fault::TIER;
use super::pool::Pool;
use super::registry::Registry;
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
    registry: Arc<Registry>,
    pool: Pool,
}

impl Redis {
    /// Names a server by its URL: checks the URL, and connects at the first use.
    ///
    /// | | |
    /// |---|---|
    /// | `redis://127.0.0.1:6379` | a server; `valkey://` means the same, and 6379 is the default port |
    /// | `redis://:password@host/2` | with a password, and database 2 instead of 0 |
    /// | `redis://user:password@host` | with a user |
    /// | `unix:///run/redis.sock?db=2&user=me&pass=secret` | over a Unix socket; also `redis+unix://` |
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
        let unusable =
            |advice| Error::new(ErrorKind::Config, Operation::Configure).with_tier(TIER).with_context(advice);
        let server = address::parse(url).map_err(unusable)?;
        let address = address::redacted(&server);
        let pool = Pool::new(server.clone());
        let client = Client::open(server).map_err(|cause| unusable(cause.category().to_owned().into()))?;
        Ok(Self(Arc::new(Inner { address, registry: Registry::new(client), pool })))
    }

    /// Returns the server's address for logs, with `***` in place of user and password.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    pub(super) fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    pub(super) fn pool(&self) -> &Pool {
        &self.0.pool
    }
}

/// Shows the address without user and password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redis").field(&self.address()).finish()
    }
}
