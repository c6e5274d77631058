//! A cached function: the one cache behind an attribute, built at its first call.

use std::future::Future;
use std::sync::OnceLock;

use dcache_backends::{Error, ErrorKind, Operation};

use crate::args::ToKey;
use crate::bounds::{CacheKey, CacheValue};
use crate::builder::{Builder, Plan};
use crate::cache::{Cache, Looked};
use crate::call::{Call, certain};
use crate::inner::Share;
use crate::log;
use crate::look::Entry;
use crate::mode::Mode;
use crate::registry::{self, Listing, Member};
use crate::settings;
use crate::stats::Stats;

/// Where a cached function stands.
#[derive(Clone, Copy)]
pub struct Meta {
    /// Returns the path of the function, as the compiler names it.
    pub path: fn() -> &'static str,
    /// The name that the attribute gives, if it does.
    pub name: Option<&'static str>,
    /// The file.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
}

impl Meta {
    /// Returns the function's name in keys, statistics and logs: crate, modules and function, with dots.
    fn name(&self) -> String {
        match self.name {
            Some(name) => name.to_owned(),
            // a function inside another one's async body has that body's closure in its path
            None => (self.path)().replace("::{{closure}}", "").replace("::", "."),
        }
    }
}

pub(crate) type Build<K, V> = fn(Builder<K, V>) -> Plan<K, V>;

/// A cached function whose key and value types can be named.
pub struct Site<K, V> {
    meta: Meta,
    type_arguments: fn() -> &'static str,
    build: Build<K, V>,
    cache: OnceLock<Cache<K, V>>,
}

impl<K, V> Site<K, V> {
    /// Creates it; nothing is built before the first call.
    pub const fn new(meta: Meta, build: Build<K, V>) -> Self {
        Self::typed(meta, || "", build)
    }

    /// Creates it for some type arguments, which are part of its name.
    pub(crate) const fn typed(meta: Meta, type_arguments: fn() -> &'static str, build: Build<K, V>) -> Self {
        Self { meta, type_arguments, build, cache: OnceLock::new() }
    }

    /// Looks into memory, by the arguments as they are.
    ///
    /// # Errors
    /// A miss, which runs the body.
    #[inline]
    pub fn look<Q>(&'static self, arguments: &Q) -> Result<V, Miss<K, V>>
    where
        K: CacheKey,
        V: CacheValue,
        Q: ToKey<Key = K>,
    {
        let cache = self.cache();
        match cache.look(arguments) {
            Looked::Hit(value) => Ok(value),
            Looked::Miss(key) => Err(Miss { cache, call: Some(Call { key, is_refresh: false }) }),
            Looked::Off => Err(Miss { cache, call: None }),
        }
    }
}

impl<K: CacheKey, V: CacheValue> Site<K, V> {
    #[inline]
    fn cache(&self) -> &Cache<K, V> {
        match self.cache.get() {
            Some(cache) => cache,
            None => self.open(),
        }
    }

    #[cold]
    fn open(&self) -> &Cache<K, V> {
        self.cache.get_or_init(|| {
            let mut name = self.meta.name();
            name.push_str((self.type_arguments)());
            let mut cache = (self.build)(Builder::new(name.clone())).assemble();
            if let Err(other) = registry::claim(&name, self.meta.file, self.meta.line)
                && let Some(inner) = std::sync::Arc::get_mut(&mut cache.inner)
                && inner.remote.take().is_some()
            {
                // sharing entries with another function would be worse than not sharing any
                let context = format!("{other} is called `{name}` too; give one of them another `name`");
                let fault = Error::new(ErrorKind::Config, Operation::Configure).with_context(context);
                log::error(format_args!(
                    "{}:{} works in memory alone: {fault}",
                    self.meta.file, self.meta.line
                ));
                inner.faults.push(fault);
            }
            cache
        })
    }

    /// Has the body run whatever the tiers hold.
    pub fn refresh(&'static self, key: K) -> Miss<K, V> {
        let cache = self.cache();
        Miss { cache, call: settings::enabled().then_some(Call { key, is_refresh: true }) }
    }

    /// Looks in all tiers; fills nothing.
    pub async fn peek(&'static self, key: K) -> Option<V> {
        self.cache().inner.peek(Mode::Async, &key).await
    }

    /// Looks in all tiers on this thread.
    pub fn peek_blocking(&'static self, key: K) -> Option<V> {
        pollster::block_on(self.cache().inner.peek(Mode::Blocking, &key))
    }

    /// Looks in all tiers, and tells what is known about the value.
    pub async fn entry(&'static self, key: K) -> Option<Entry<V>> {
        self.cache().inner.entry(Mode::Async, &key).await
    }

    /// Looks in all tiers on this thread, and tells what is known about the value.
    pub fn entry_blocking(&'static self, key: K) -> Option<Entry<V>> {
        pollster::block_on(self.cache().inner.entry(Mode::Blocking, &key))
    }

    /// Stores a value.
    pub async fn put(&'static self, key: K, value: V) -> Result<(), Error> {
        self.cache().inner.put(Mode::Async, &key, value).await
    }

    /// Stores a value on this thread.
    pub fn put_blocking(&'static self, key: K, value: V) -> Result<(), Error> {
        pollster::block_on(self.cache().inner.put(Mode::Blocking, &key, value))
    }

    /// Removes a value.
    pub async fn invalidate(&'static self, key: K) -> Result<(), Error> {
        self.cache().inner.invalidate(Mode::Async, &key).await
    }

    /// Removes a value on this thread.
    pub fn invalidate_blocking(&'static self, key: K) -> Result<(), Error> {
        pollster::block_on(self.cache().inner.invalidate(Mode::Blocking, &key))
    }

    /// Removes all values.
    pub async fn clear(&'static self) -> Result<(), Error> {
        self.cache().inner.clear(Mode::Async).await
    }

    /// Removes all values on this thread.
    pub fn clear_blocking(&'static self) -> Result<(), Error> {
        pollster::block_on(self.cache().inner.clear(Mode::Blocking))
    }

    /// Returns the counts.
    pub fn stats(&'static self) -> Stats {
        self.cache().stats()
    }
}

impl<K: crate::bounds::RemoteKey, V: CacheValue> Site<K, V> {
    /// Returns the key in remote tiers: for arguments that have none, empty.
    pub fn key(&'static self, key: K) -> String {
        match key.id() {
            Ok(id) => dcache_backends::Key::new(&self.cache().inner.scope, &id).as_str().to_owned(),
            Err(_) => String::new(),
        }
    }
}

impl<K: CacheKey, V: CacheValue> Listing for Site<K, V> {
    fn members(&'static self) -> Vec<Member> {
        let cache = self.cache();
        vec![Member { file: self.meta.file, line: self.meta.line, cache: cache.inner.clone() }]
    }
}

/// A call that memory could not answer: it takes the body.
pub struct Miss<K: 'static, V: 'static> {
    cache: &'static Cache<K, V>,
    /// None where caching is off.
    call: Option<Call<K>>,
}

impl<K: CacheKey, V: CacheValue> Miss<K, V> {
    /// Answers from the tiers or by the body.
    pub async fn run(self, body: impl Future<Output = V>) -> V {
        match self.call {
            Some(call) => certain(self.cache.inner.answer(call, async { Ok(body.await) }, None).await),
            None => body.await,
        }
    }

    /// Answers from the tiers or by the body; only `Ok` is stored.
    pub async fn try_run<E>(
        self,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        match self.call {
            Some(call) => self.cache.inner.answer(call, body, share).await,
            None => body.await,
        }
    }

    /// Answers from the tiers or by the body, on this thread.
    pub fn run_blocking(self, body: impl FnOnce() -> V) -> V {
        match self.call {
            Some(call) => certain(self.cache.inner.answer_blocking(call, || Ok(body()), None)),
            None => body(),
        }
    }

    /// Answers from the tiers or by the body, on this thread; only `Ok` is stored.
    pub fn try_run_blocking<E>(
        self,
        body: impl FnOnce() -> Result<V, E>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        match self.call {
            Some(call) => self.cache.inner.answer_blocking(call, body, share),
            None => body(),
        }
    }
}
