//! The cache as users hold it, for asynchronous and synchronous callers.

use std::borrow::Borrow;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use dcache_backends::Error;

use crate::args::{Borrowed, ToKey};
use crate::bounds::{CacheKey, CacheValue};
use crate::call::Call;
use crate::flight::Front;
use crate::inner::{Inner, Share};
use crate::look::Entry;
use crate::miss::Miss;
use crate::mode::Mode;
use crate::settings;
use crate::stats::Stats;

/// A cache of values by key, over memory and any tiers below it.
///
/// The attribute [`dcache`](macro@crate::dcache) makes one for each function; this is for everything that is
/// not a function. It is cheap to clone, and all clones are one cache. What happens on a call, and what a
/// fault of a tier does to it (nothing), is the same for both.
///
/// ```
/// use std::time::Duration;
/// use dcache::{Cache, Memory};
///
/// # fn main() -> Result<(), dcache::Error> {
/// let squares: Cache<u64, u64> =
///     Cache::builder("squares").memory(Memory::entries(1_000)).ttl(Duration::from_secs(60)).build()?;
///
/// assert_eq!(squares.blocking().get_or_insert_with(&12, || 12 * 12), 144);
/// assert_eq!(squares.blocking().get(&12), Some(144));
/// # Ok(()) }
/// ```
pub struct Cache<K, V> {
    /// All that a hit needs.
    front: Arc<Front<K, V>>,
    whole: Arc<dyn Whole<K, V>>,
}

/// What a cache is made of, out of sight: who has a cache in a static has the compiler prove that it may be shared,
/// down to the last of its parts.
trait Whole<K, V>: Send + Sync {
    fn inner(self: Arc<Self>) -> Arc<Inner<K, V>>;
}

impl<K: CacheKey, V: CacheValue> Whole<K, V> for Inner<K, V> {
    fn inner(self: Arc<Self>) -> Arc<Self> {
        self
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self { front: self.front.clone(), whole: self.whole.clone() }
    }
}

impl<K: CacheKey, V: CacheValue> Cache<K, V> {
    pub(crate) fn new(inner: Inner<K, V>) -> Self {
        Self { front: inner.flights.front().clone(), whole: Arc::new(inner) }
    }

    /// Returns what the cache is made of.
    pub(crate) fn inner(&self) -> Arc<Inner<K, V>> {
        self.whole.clone().inner()
    }

    /// Returns the value of a key; else runs the body, stores what it returns, and returns that.
    ///
    /// Of the calls that ask for one key at the same time, one runs its body and the others wait for it.
    pub async fn get_or_insert_with<Q, F>(&self, key: &Q, body: impl FnOnce() -> F) -> V
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        F: Future<Output = V>,
    {
        match self.look(&Borrowed(key)) {
            Ok(value) => value,
            Err(miss) => miss.run(async { body().await }).await,
        }
    }

    /// Returns the value of a key; else runs the body, and stores what it returns if that is `Ok`.
    ///
    /// # Errors
    /// The body's, and never one of the cache.
    pub async fn try_get_or_insert_with<Q, E, F>(&self, key: &Q, body: impl FnOnce() -> F) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        E: 'static,
        F: Future<Output = Result<V, E>>,
    {
        match self.look(&Borrowed(key)) {
            Ok(value) => Ok(value),
            Err(miss) => miss.try_run(async { body().await }, self.share()).await,
        }
    }

    /// Returns the value of a key; else runs the body, stores what it returns, and returns that.
    ///
    /// It is [`get_or_insert_with`](Self::get_or_insert_with) for a body that owns what it needs, and so can run in
    /// the background: to refresh a value that callers already have
    /// ([`stale_while_revalidate`](crate::Builder::stale_while_revalidate),
    /// [`refresh_ahead`](crate::Builder::refresh_ahead)), or to go on when its caller is gone
    /// ([`soft_timeout`](crate::Builder::soft_timeout), [`detach`](crate::Builder::detach)). There it runs in the
    /// caller's tokio runtime, or without one on a few threads of dcache's own; that needs the feature `tokio`,
    /// without which those threads are all there is. The closure itself is called at once, where the body runs at
    /// all.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dcache::Cache;
    ///
    /// async fn fetch(sku: String) -> u64 { 7 * sku.len() as u64 }
    ///
    /// # pollster::block_on(async {
    /// let prices: Cache<String, u64> = Cache::builder("prices")
    ///     .ttl(Duration::from_secs(60))
    ///     .stale_while_revalidate(Duration::from_secs(600))
    ///     .build()?;
    /// let sku = "chair";
    /// assert_eq!(prices.get_or_spawn_with(sku, || fetch(sku.to_owned())).await, 35);
    /// # Ok::<(), dcache::Error>(()) }).unwrap();
    /// ```
    pub async fn get_or_spawn_with<Q, F>(&self, key: &Q, body: impl FnOnce() -> F) -> V
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        F: Future<Output = V> + Send + 'static,
    {
        match self.look(&Borrowed(key)) {
            Ok(value) => value,
            Err(miss) => miss.run_away(body).await,
        }
    }

    /// Returns the value of a key like [`get_or_spawn_with`](Self::get_or_spawn_with); only `Ok` is stored.
    ///
    /// # Errors
    /// The body's, and never one of the cache.
    pub async fn try_get_or_spawn_with<Q, E, F>(&self, key: &Q, body: impl FnOnce() -> F) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        E: Send + 'static,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        match self.look(&Borrowed(key)) {
            Ok(value) => Ok(value),
            Err(miss) => miss.try_run_away(body, self.share()).await,
        }
    }

    /// Returns how errors of this type are shared, if they are.
    fn share<E: 'static>(&self) -> Option<Share<E>> {
        self.inner().policy.share.as_ref()?.downcast_ref().copied()
    }

    /// Returns the value of a key from the nearest tier that has it, and fills the tiers before that.
    pub async fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        match self.look(&Borrowed(key)) {
            Ok(value) => Some(value),
            Err(miss) => miss.get(Mode::Async).await,
        }
    }

    /// Returns the value of a key with its tier, age and remaining life; fills nothing.
    pub async fn entry<Q>(&self, key: &Q) -> Option<Entry<V>>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        self.inner().entry(Mode::Async, &key.to_owned()).await
    }

    /// Stores a value in all tiers.
    ///
    /// # Errors
    /// Names the tiers that have not taken it; the others, and memory, have.
    pub async fn put<Q>(&self, key: &Q, value: V) -> Result<(), Error>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        self.inner().put(Mode::Async, &key.to_owned(), value).await
    }

    /// Removes the value of a key from all tiers. A body that is running for it stores nothing any more.
    ///
    /// # Errors
    /// Names the tiers that may still hold it.
    pub async fn invalidate<Q>(&self, key: &Q) -> Result<(), Error>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        self.inner().invalidate(Mode::Async, &key.to_owned()).await
    }

    /// Removes all values of this cache from all tiers, and nothing else's.
    ///
    /// # Errors
    /// Names the tiers that may still hold some.
    pub async fn clear(&self) -> Result<(), Error> {
        self.inner().clear(Mode::Async).await
    }

    /// Returns the counts.
    pub fn stats(&self) -> Stats {
        self.inner().stats()
    }

    /// Returns the same cache for synchronous callers.
    pub fn blocking(&self) -> Blocking<'_, K, V> {
        Blocking(self)
    }

    /// Looks into memory.
    ///
    /// # Errors
    /// A miss, which takes the body.
    // always in the function that is called: what is left of a hit there are two comparisons and one call
    #[inline(always)]
    pub(crate) fn look<Q: ToKey<Key = K>>(&self, key: &Q) -> Result<V, Miss<K, V>> {
        let found = if key.is_usable() { self.front.hit(key.lend()) } else { None };
        found.ok_or_else(|| self.miss(key))
    }

    #[cold]
    #[inline(never)]
    fn miss<Q: ToKey<Key = K>>(&self, key: &Q) -> Miss<K, V> {
        match settings::enabled() && key.is_usable() {
            true => Miss::of(&self.inner(), Call { key: key.to_key(), is_refresh: false }),
            false => Miss::past(),
        }
    }

    /// Has the body run whatever the tiers hold.
    pub(crate) fn refresh<Q: ToKey<Key = K>>(&self, key: &Q) -> Miss<K, V> {
        match settings::enabled() {
            true => Miss::of(&self.inner(), Call { key: key.to_key(), is_refresh: true }),
            false => Miss::past(),
        }
    }
}

/// A [`Cache`] for synchronous callers: the same names, and they wait on their thread.
///
/// It works anywhere, in an async runtime too, where it blocks the thread as any synchronous code does.
pub struct Blocking<'a, K, V>(&'a Cache<K, V>);

impl<K: CacheKey, V: CacheValue> Blocking<'_, K, V> {
    /// Returns the value of a key; else runs the body, stores what it returns, and returns that.
    pub fn get_or_insert_with<Q>(&self, key: &Q, body: impl FnOnce() -> V) -> V
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        match self.0.look(&Borrowed(key)) {
            Ok(value) => value,
            Err(miss) => miss.run_blocking(body),
        }
    }

    /// Returns the value of a key; else runs the body, and stores what it returns if that is `Ok`.
    ///
    /// # Errors
    /// The body's, and never one of the cache.
    pub fn try_get_or_insert_with<Q, E>(&self, key: &Q, body: impl FnOnce() -> Result<V, E>) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        E: 'static,
    {
        match self.0.look(&Borrowed(key)) {
            Ok(value) => Ok(value),
            Err(miss) => miss.try_run_blocking(body, self.0.share()),
        }
    }

    /// Returns the value of a key; else runs the body, stores what it returns, and returns that.
    ///
    /// The body owns what it needs, and refreshes on a thread of dcache's own what callers already have; see
    /// [`Cache::get_or_spawn_with`].
    pub fn get_or_spawn_with<Q, F>(&self, key: &Q, body: F) -> V
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        F: FnOnce() -> V + Send + 'static,
    {
        match self.0.look(&Borrowed(key)) {
            Ok(value) => value,
            Err(miss) => miss.run_away_blocking(|| body),
        }
    }

    /// Returns the value of a key like [`get_or_spawn_with`](Self::get_or_spawn_with); only `Ok` is stored.
    ///
    /// # Errors
    /// The body's, and never one of the cache.
    pub fn try_get_or_spawn_with<Q, E, F>(&self, key: &Q, body: F) -> Result<V, E>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
        E: Send + 'static,
        F: FnOnce() -> Result<V, E> + Send + 'static,
    {
        match self.0.look(&Borrowed(key)) {
            Ok(value) => Ok(value),
            Err(miss) => miss.try_run_away_blocking(|| body, self.0.share()),
        }
    }

    /// Returns the value of a key from the nearest tier that has it, and fills the tiers before that.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        match self.0.look(&Borrowed(key)) {
            Ok(value) => Some(value),
            Err(miss) => pollster::block_on(miss.get(Mode::Blocking)),
        }
    }

    /// Returns the value of a key with its tier, age and remaining life; fills nothing.
    pub fn entry<Q>(&self, key: &Q) -> Option<Entry<V>>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        pollster::block_on(self.0.inner().entry(Mode::Blocking, &key.to_owned()))
    }

    /// Stores a value in all tiers.
    ///
    /// # Errors
    /// Names the tiers that have not taken it; the others, and memory, have.
    pub fn put<Q>(&self, key: &Q, value: V) -> Result<(), Error>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        pollster::block_on(self.0.inner().put(Mode::Blocking, &key.to_owned(), value))
    }

    /// Removes the value of a key from all tiers. A body that is running for it stores nothing any more.
    ///
    /// # Errors
    /// Names the tiers that may still hold it.
    pub fn invalidate<Q>(&self, key: &Q) -> Result<(), Error>
    where
        K: Borrow<Q>,
        Q: ?Sized + Hash + Eq + ToOwned<Owned = K>,
    {
        pollster::block_on(self.0.inner().invalidate(Mode::Blocking, &key.to_owned()))
    }

    /// Removes all values of this cache from all tiers, and nothing else's.
    ///
    /// # Errors
    /// Names the tiers that may still hold some.
    pub fn clear(&self) -> Result<(), Error> {
        pollster::block_on(self.0.inner().clear(Mode::Blocking))
    }
}
