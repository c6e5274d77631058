//! A tier below memory, as it is named: a backend, an address, a name.

#[cfg(any(feature = "testing", feature = "redis", feature = "s3"))]
use std::any::Any;
#[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
use std::borrow::Cow;
use std::collections::BTreeMap;
#[cfg(any(feature = "redis", feature = "s3"))]
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dcache_backends::{Backend, Error, ErrorKind, Operation};

#[cfg(feature = "testing")]
use crate::chaos::ChaosTier;
#[cfg(all(feature = "testing", feature = "fs"))]
use crate::later::Later;
use crate::live::LiveTier;
use crate::place;
use crate::shared::Shared;
use crate::sync::Mutex;
#[cfg(all(feature = "testing", feature = "fs"))]
use crate::twin;

/// A tier below memory, and how a cache uses it.
///
/// Anything that implements [`Backend`] becomes one by itself; this is the place for what differs from
/// cache to cache.
///
/// ```
/// # use std::time::Duration;
/// # use dcache::{Backend, Cache, Tier};
/// # fn example(shelf: impl Backend) -> Result<(), dcache::Error> {
/// let tier = Tier::new(shelf).ttl(Duration::from_secs(60)).timeout(Duration::from_millis(20));
/// # #[cfg(feature = "bincode")] {
/// let cache: Cache<String, u64> = Cache::builder("counts").tier(tier).build()?;
/// # }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Tier {
    source: Source,
    ttl: Option<Duration>,
    timeout: Option<Duration>,
    #[cfg_attr(not(feature = "fs"), allow(dead_code))]
    capacity: Option<u64>,
}

#[derive(Clone)]
enum Source {
    Shared(Arc<Shared>),
    Named(String),
    #[cfg(feature = "redis")]
    Redis(Place),
    #[cfg(feature = "fs")]
    Fs(Place),
    #[cfg(feature = "s3")]
    S3(Place),
}

/// Where an attribute says that a tier is.
#[derive(Clone)]
#[cfg_attr(not(any(feature = "redis", feature = "fs", feature = "s3")), allow(dead_code))]
pub enum Place {
    /// Nowhere: by the variable for this kind of tier.
    Unset,
    /// Here.
    At(String),
    /// Where this variable says.
    Env(String),
}

impl Tier {
    /// Uses this backend.
    pub fn new(backend: impl Backend) -> Self {
        #[cfg(feature = "redis")]
        if let Some(redis) = (&backend as &dyn Any).downcast_ref::<crate::Redis>() {
            warn_if_exposed(redis.is_exposed(), REDIS, redis.address());
        }
        #[cfg(feature = "s3")]
        if let Some(s3) = (&backend as &dyn Any).downcast_ref::<crate::S3>() {
            warn_if_exposed(s3.is_exposed(), S3, s3.address());
        }
        Self::of(Source::Shared(Arc::new(opened(backend))))
    }

    /// Uses the tier that [`configure`](crate::configure) gave this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self::of(Source::Named(name.into()))
    }

    #[cfg(feature = "redis")]
    pub(crate) fn redis(place: Place) -> Self {
        Self::of(Source::Redis(place))
    }

    #[cfg(feature = "fs")]
    pub(crate) fn fs(place: Place) -> Self {
        Self::of(Source::Fs(place))
    }

    #[cfg(feature = "s3")]
    pub(crate) fn s3(place: Place) -> Self {
        Self::of(Source::S3(place))
    }

    fn of(source: Source) -> Self {
        Self { source, ttl: None, timeout: None, capacity: None }
    }

    /// Sets the longest time to live here; the function's counts where it is shorter.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets how long this tier may hold up a call: by default 100 ms for Redis, 250 ms for files, 2 s for
    /// S3, else 1 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the bytes that files may take; for `fs` alone.
    #[doc(hidden)]
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = Some(bytes);
        self
    }

    /// Finds the tier: none where a bare `redis` or `s3` has no variable set.
    pub(crate) fn open(self) -> Result<Option<LiveTier>, Error> {
        let shared = match self.source {
            Source::Shared(shared) => shared,
            Source::Named(name) => match named(&name) {
                Some(Tier { source: Source::Named(_), .. }) | None => {
                    return Err(Error::new(ErrorKind::Config, Operation::Configure).with_tier(name).with_context(
                        "no tier has this name; set it with `dcache::configure().tier(name, …)` first in `main`",
                    ));
                }
                Some(tier) => {
                    let (ttl, timeout) = (self.ttl.or(tier.ttl), self.timeout.or(tier.timeout));
                    return Self { ttl, timeout, ..tier }.open();
                }
            },
            #[cfg(feature = "redis")]
            Source::Redis(place) => {
                let Some(url) = place.find("redis", "DCACHE_REDIS_URL")? else {
                    crate::log::info(format_args!("tier `redis` is absent: DCACHE_REDIS_URL is not set"));
                    return Ok(None);
                };
                // a server is connected to when it is first asked
                let redis = crate::Redis::connect(&url)?;
                warn_if_exposed(redis.is_exposed(), REDIS, redis.address());
                shared(format!("redis {url}"), || Ok(opened(redis)))?
            }
            #[cfg(feature = "s3")]
            Source::S3(place) => {
                let Some(bucket) = place.find("s3", "DCACHE_S3_URL")? else {
                    crate::log::info(format_args!("tier `s3` is absent: DCACHE_S3_URL is not set"));
                    return Ok(None);
                };
                // nothing is sent before the bucket is first asked
                shared(format!("s3 {bucket}"), || {
                    let s3 = crate::S3::connect(&bucket)?;
                    warn_if_exposed(s3.is_exposed(), S3, s3.address());
                    Ok(opened(s3))
                })?
            }
            #[cfg(feature = "fs")]
            Source::Fs(place) => {
                let root = place.find("fs", "DCACHE_FS_ROOT")?;
                let address = format!("fs {}", root.as_deref().unwrap_or_default());
                #[cfg(feature = "testing")]
                let path = root.clone();
                let open = move || {
                    let fs = match &root {
                        Some(root) => crate::Fs::open(root)?,
                        None => crate::Fs::open_default()?,
                    };
                    Ok(match self.capacity {
                        Some(bytes) => fs.capacity(bytes),
                        None => fs,
                    })
                };
                #[cfg(feature = "testing")]
                if twin::is_isolated(twin::era()) {
                    // no folder is touched before the isolation is over
                    let path = path.and_then(|path| std::path::absolute(path).ok());
                    let place = path.map(|path| place::folder(&path));
                    let shared = shared(address, || Ok(Shared::new(Arc::new(Later::new(open)), place)))?;
                    return Ok(Some(LiveTier::new(shared, self.ttl, self.timeout)));
                }
                shared(address, || open().map(opened))?
            }
        };
        Ok(Some(LiveTier::new(shared, self.ttl, self.timeout)))
    }
}

impl<B: Backend> From<B> for Tier {
    fn from(backend: B) -> Self {
        Self::new(backend)
    }
}

#[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
impl Place {
    fn find(&self, tier: &'static str, usual: &str) -> Result<Option<String>, Error> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match self {
            Self::At(address) => Ok(Some(address.clone())),
            Self::Unset => Ok(variable(usual)),
            Self::Env(name) => match variable(name) {
                Some(address) => Ok(Some(address)),
                None => {
                    Err(Error::new(ErrorKind::Config, Operation::Configure).with_tier(tier).with_context(
                        match name.contains(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
                            // what stands there may be what was to stand in the variable, with a password in it
                            true => Cow::Borrowed(
                                "`env` names no variable; write the name of one, such as `CACHE_URL`",
                            ),
                            false => Cow::from(format!("the variable {name} is not set")),
                        },
                    ))
                }
            },
        }
    }
}

fn opened(backend: impl Backend) -> Shared {
    #[cfg(feature = "testing")]
    if let Some(tier) = (&backend as &dyn Any).downcast_ref::<ChaosTier>() {
        let (place, chaos) = (tier.place().map(str::to_owned), tier.chaos().clone());
        return Shared::new(Arc::new(backend), place).under(chaos);
    }
    let place = place::of(&backend);
    Shared::new(Arc::new(backend), place)
}

/// What is exposed at a server, and what to write instead.
#[cfg(any(feature = "redis", feature = "s3"))]
type Exposed = (&'static str, &'static str, &'static str);

#[cfg(feature = "redis")]
const REDIS: Exposed = ("redis", "keys, values and passwords", "rediss://");
#[cfg(feature = "s3")]
const S3: Exposed = ("s3", "keys and values", "https://"); // a request is signed, and the secret is not sent

/// Says once for each server that what is sent there can be read on the way.
#[cfg(any(feature = "redis", feature = "s3"))]
fn warn_if_exposed(is_exposed: bool, (tier, what, instead): Exposed, address: &str) {
    static WARNED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if is_exposed && WARNED.lock().insert(address.to_owned()) {
        crate::log::warn(format_args!(
            "tier `{tier}`: {address}: {what} cross the network in plain text; use `{instead}`"
        ));
    }
}

/// The tiers that the program gave names.
static NAMED: Mutex<BTreeMap<String, Tier>> = Mutex::new(BTreeMap::new());

/// Gives tiers names.
pub(crate) fn name(tiers: BTreeMap<String, Tier>) {
    NAMED.lock().extend(tiers);
}

fn named(name: &str) -> Option<Tier> {
    NAMED.lock().get(name).cloned()
}

/// Returns the tier at an address, shared by all functions that name it; opens it if this is the first.
#[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
fn shared(address: String, open: impl FnOnce() -> Result<Shared, Error>) -> Result<Arc<Shared>, Error> {
    static SHARED: Mutex<BTreeMap<String, Arc<Shared>>> = Mutex::new(BTreeMap::new());
    let mut shared = SHARED.lock();
    if let Some(tier) = shared.get(&address) {
        return Ok(tier.clone());
    }
    let tier = Arc::new(open()?);
    shared.insert(address, tier.clone());
    Ok(tier)
}
