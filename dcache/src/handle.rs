//! What the controls of a function are made of: one entry of its cache, and the cache as a whole.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use dcache_backends::Error;

use crate::bounds::{CacheKey, CacheValue};
use crate::inner::Inner;
use crate::look::Entry;
use crate::mode::Mode;
use crate::registry::Described;
use crate::stats::Stats;
use crate::waits::{Awaits, Boxed, Waits};

/// One entry of a cache, whether or not it is there: the controls of a cached method for one set of arguments.
///
/// A method `m` has one by `m_cache`, where the attribute says `companion = handle`, or stands on the `impl`
/// block. `M` says how the controls answer: at once for a synchronous method ([`Blocks`](crate::Blocks)), in a
/// future for an `async` one ([`Awaits`]). A handle holds no value and is cheap to clone.
///
/// ```
/// use dcache::dcache;
///
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct Shop { id: u32 }
///
/// #[dcache(ttl = "1h")]
/// impl Shop {
///     #[dcache]
///     fn price(&self, sku: &str) -> u64 { 7 * sku.len() as u64 }
/// }
///
/// let shop = Shop { id: 1 };
/// assert_eq!(shop.price("chair"), 35); // runs the body
/// let price = shop.price_cache("chair");
/// assert_eq!(price.peek(), Some(35));
/// price.put(30)?;
/// assert_eq!(shop.price("chair"), 30);
/// price.invalidate()?;
/// assert_eq!(price.cache().stats().computes, 1);
/// # Ok::<(), dcache::Error>(())
/// ```
pub struct Handle<V, M = Awaits> {
    at: Arc<dyn Keyed<V>>,
    mode: PhantomData<fn() -> M>,
}

/// A cache and one of its keys.
struct At<K, V> {
    inner: Arc<Inner<K, V>>,
    key: K,
}

/// A cache and one of its keys, whatever the key's type.
trait Keyed<V>: Send + Sync {
    fn peek(self: Arc<Self>, mode: Mode) -> Boxed<Option<V>>;
    fn entry(self: Arc<Self>, mode: Mode) -> Boxed<Option<Entry<V>>>;
    fn put(self: Arc<Self>, mode: Mode, value: V) -> Boxed<Result<(), Error>>;
    fn invalidate(self: Arc<Self>, mode: Mode) -> Boxed<Result<(), Error>>;
    fn key(&self) -> Option<String>;
    fn cache(&self) -> Arc<dyn Described>;
}

impl<K: CacheKey, V: CacheValue> Keyed<V> for At<K, V> {
    fn peek(self: Arc<Self>, mode: Mode) -> Boxed<Option<V>> {
        Box::pin(async move { self.inner.entry(mode, &self.key).await.map(|entry| entry.value) })
    }

    fn entry(self: Arc<Self>, mode: Mode) -> Boxed<Option<Entry<V>>> {
        Box::pin(async move { self.inner.entry(mode, &self.key).await })
    }

    fn put(self: Arc<Self>, mode: Mode, value: V) -> Boxed<Result<(), Error>> {
        Box::pin(async move { self.inner.put(mode, &self.key, value).await })
    }

    fn invalidate(self: Arc<Self>, mode: Mode) -> Boxed<Result<(), Error>> {
        Box::pin(async move { self.inner.invalidate(mode, &self.key).await })
    }

    fn key(&self) -> Option<String> {
        self.inner.remote_key(&self.key)
    }

    fn cache(&self) -> Arc<dyn Described> {
        self.inner.clone()
    }
}

impl<V: CacheValue, M> Handle<V, M> {
    pub(crate) fn new<K: CacheKey>(inner: &Arc<Inner<K, V>>, key: K) -> Self {
        Self { at: Arc::new(At { inner: inner.clone(), key }), mode: PhantomData }
    }
}

/// What a value must be was asked when the handle was made; here nothing is asked again.
impl<V, M> Handle<V, M> {
    /// Returns the remote key: `None` for a function with memory alone, whose arguments need no id, and for
    /// arguments that cannot be serialized.
    pub fn key(&self) -> Option<String> {
        self.at.key()
    }

    /// Returns the cache that this is an entry of.
    pub fn cache(&self) -> CacheRef<M> {
        CacheRef::new(self.at.cache())
    }
}

impl<V, M: Waits> Handle<V, M> {
    /// Looks in all tiers; never runs the body, and fills nothing.
    pub fn peek(&self) -> M::Of<Option<V>> {
        M::wait(self.at.clone().peek(M::MODE))
    }

    /// Looks like [`peek`](Self::peek), and tells the value's tier, age and remaining life.
    pub fn entry(&self) -> M::Of<Option<Entry<V>>> {
        M::wait(self.at.clone().entry(M::MODE))
    }

    /// Stores a value that is known otherwise. Its error names the tiers that did not take it.
    pub fn put(&self, value: V) -> M::Of<Result<(), Error>> {
        M::wait(self.at.clone().put(M::MODE, value))
    }

    /// Removes the entry from all tiers. Its error names the tiers that may still hold it.
    pub fn invalidate(&self) -> M::Of<Result<(), Error>> {
        M::wait(self.at.clone().invalidate(M::MODE))
    }
}

impl<V, M> Clone for Handle<V, M> {
    fn clone(&self) -> Self {
        Self { at: self.at.clone(), mode: PhantomData }
    }
}

impl<V, M> fmt::Debug for Handle<V, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("cache", &self.at.cache().name()).finish_non_exhaustive()
    }
}

/// A cache as a whole, whatever its keys and values are; see [`Handle::cache`].
pub struct CacheRef<M = Awaits> {
    cache: Arc<dyn Described>,
    mode: PhantomData<fn() -> M>,
}

impl<M> CacheRef<M> {
    pub(crate) fn new(cache: Arc<dyn Described>) -> Self {
        Self { cache, mode: PhantomData }
    }

    /// Returns the name in keys, statistics and logs.
    pub fn name(&self) -> &str {
        self.cache.name()
    }

    /// Returns the counts.
    pub fn stats(&self) -> Stats {
        self.cache.stats()
    }
}

impl<M: Waits> CacheRef<M> {
    /// Removes all entries of this cache from all tiers. Its error names the tiers that may still hold some.
    pub fn clear(&self) -> M::Of<Result<(), Error>> {
        let cache = self.cache.clone();
        M::wait(Box::pin(async move { cache.clear(M::MODE).await }))
    }
}

impl<M> Clone for CacheRef<M> {
    fn clone(&self) -> Self {
        Self::new(self.cache.clone())
    }
}

impl<M> fmt::Debug for CacheRef<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheRef").field("name", &self.name()).finish_non_exhaustive()
    }
}
