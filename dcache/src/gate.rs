//! What generated code calls, under the bounds that it needs, and once more for all other types, where it never runs.
//!
//! An inherent method comes before one of a trait where its bounds hold. So of a key or a value that cannot be cached
//! only the check tells that stands at the user's token, and no call does.

use std::borrow::Borrow;
use std::future::Future;
use std::marker::PhantomData;

use serde::{Serialize, Serializer};

use crate::args::ToKey;
use crate::bounds::{CacheKey, CacheValue, RemoteKey};
use crate::builder::{Builder, Plan};
use crate::cache::Cache;
use crate::codec::Codec;
use crate::handle::Handle;
use crate::inner::Share;
use crate::miss::Miss;
use crate::registry::Member;
use crate::site::Site;
use crate::sites::Sites;
use crate::tier::Tier;

/// The key of what cannot be a key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Unkept {}

impl Serialize for Unkept {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        match *self {}
    }
}

/// A key for memory alone.
pub enum Near {}

/// A key for tiers below memory too.
pub enum Far {}

/// What a key must be: for memory alone, or for tiers below it too.
pub trait KeyFor<B>: CacheKey {}

impl<K: CacheKey> KeyFor<Near> for K {}

impl<K: RemoteKey> KeyFor<Far> for K {}

/// The arguments of a call on their way to a cache.
pub struct Asked<'a, B, Q, V>(&'a Q, PhantomData<fn(B) -> V>);

impl<'a, B, Q, V> Asked<'a, B, Q, V> {
    /// Takes the borrowed arguments.
    #[inline]
    pub fn new(arguments: &'a Q) -> Self {
        Self(arguments, PhantomData)
    }
}

impl<B, Q: ToKey<Key: KeyFor<B>>, V: CacheValue> Asked<'_, B, Q, V> {
    /// Tells the type of the key.
    #[inline]
    pub fn kind(self) -> PhantomData<Q::Key> {
        PhantomData
    }

    /// Looks into memory.
    ///
    /// # Errors
    /// A miss, which runs the body.
    #[inline]
    pub fn look(self, site: &'static Site<Q::Key, V>) -> Result<V, Miss<Q::Key, V>> {
        site.look(self.0)
    }

    /// Has the body run whatever the tiers hold.
    pub fn refresh(self, site: &'static Site<Q::Key, V>) -> Miss<Q::Key, V> {
        site.refresh(self.0)
    }

    /// Returns the entry of these arguments.
    pub fn handle<M>(self, site: &'static Site<Q::Key, V>) -> Handle<V, M> {
        site.handle(self.0)
    }

    /// Looks into a cache that the user owns.
    ///
    /// # Errors
    /// A miss, which runs the body.
    #[inline]
    pub fn look_in(self, cache: &Cache<Q::Key, V>) -> Result<V, Miss<Q::Key, V>> {
        cache.look(self.0)
    }

    /// Returns an entry of a cache that the user owns.
    pub fn handle_in<M>(self, cache: &Cache<Q::Key, V>) -> Handle<V, M> {
        Handle::new(&cache.inner(), self.0.to_key())
    }
}

/// What is done with arguments that cannot be a key.
pub trait AskedFallback<V>: Sized {
    /// See [`Asked::kind`].
    fn kind(self) -> PhantomData<Unkept> {
        PhantomData
    }

    /// See [`Asked::look`].
    #[expect(clippy::missing_errors_doc, reason = "never called")]
    fn look<S>(self, _site: S) -> Result<V, Miss<Unkept, V>> {
        unreachable!()
    }

    /// See [`Asked::refresh`].
    fn refresh<S>(self, _site: S) -> Miss<Unkept, V> {
        unreachable!()
    }

    /// See [`Asked::handle`].
    fn handle<S, M>(self, _site: S) -> Handle<V, M> {
        unreachable!()
    }

    /// See [`Asked::look_in`].
    #[expect(clippy::missing_errors_doc, reason = "never called")]
    fn look_in<C>(self, _cache: C) -> Result<V, Miss<Unkept, V>> {
        unreachable!()
    }

    /// See [`Asked::handle_in`].
    fn handle_in<C, M>(self, _cache: C) -> Handle<V, M> {
        unreachable!()
    }
}

impl<B, Q, V> AskedFallback<V> for Asked<'_, B, Q, V> {}

/// The types that one of a function's caches is for.
pub struct Chosen<S: ?Sized, M, K, V>(PhantomData<Choice<S, M, K, V>>);

type Choice<S, M, K, V> = fn(Box<S>, M, K) -> V;

impl<S: ?Sized, M, K, V> Chosen<S, M, K, V> {
    /// Takes the type of the key from what tells it.
    #[inline]
    pub fn new(_key: PhantomData<K>) -> Self {
        Self(PhantomData)
    }
}

impl<S: ?Sized, M, K: CacheKey, V: CacheValue> Chosen<S, M, K, V> {
    /// Returns the site of these types.
    #[inline]
    pub fn site(self, sites: &'static Sites, build: fn(Builder<K, V>) -> Plan<K, V>) -> &'static Site<K, V> {
        sites.site::<S, M, K, V>(PhantomData, build)
    }
}

/// What is done with types that cannot be cached.
pub trait ChosenFallback<K: 'static, V: 'static>: Sized {
    /// See [`Chosen::site`].
    fn site(self, _sites: &'static Sites, _build: fn(Builder<K, V>) -> Plan<K, V>) -> &'static Site<K, V> {
        unreachable!()
    }
}

impl<S: ?Sized, M, K: 'static, V: 'static> ChosenFallback<K, V> for Chosen<S, M, K, V> {}

/// How a site lists its caches.
pub struct Members<K, V>(PhantomData<(K, V)>);

impl<K: CacheKey, V: CacheValue> Members<K, V> {
    /// Lists them.
    pub const DCACHE_OF: fn(&Site<K, V>) -> Vec<Member> = Site::listed;
}

/// What is done with sites that cannot be.
pub trait MembersFallback<K, V> {
    /// See [`Members::DCACHE_OF`].
    const DCACHE_OF: fn(&Site<K, V>) -> Vec<Member> = |_| Vec::new();
}

impl<K, V> MembersFallback<K, V> for Members<K, V> {}

/// What is done with a miss that cannot be.
pub trait MissFallback<V>: Sized {
    /// See [`Miss::run`].
    fn run(self, body: impl Future<Output = V>) -> impl Future<Output = V> {
        body
    }

    /// See [`Miss::try_run`].
    fn try_run<E>(
        self,
        body: impl Future<Output = Result<V, E>>,
        _share: Option<Share<E>>,
    ) -> impl Future<Output = Result<V, E>> {
        body
    }

    /// See [`Miss::run_blocking`].
    fn run_blocking(self, body: impl FnOnce() -> V) -> V {
        body()
    }

    /// See [`Miss::try_run_blocking`].
    #[expect(clippy::missing_errors_doc, reason = "never called")]
    fn try_run_blocking<E>(
        self,
        body: impl FnOnce() -> Result<V, E>,
        _share: Option<Share<E>>,
    ) -> Result<V, E> {
        body()
    }
}

/// What is done with a miss that cannot be, whose body may run in the background.
pub trait MissAwayFallback: Sized {
    /// See [`Miss::run_away`].
    fn run_away<F: Future>(self, body: impl FnOnce() -> F) -> F {
        body()
    }

    /// See [`Miss::try_run_away`].
    fn try_run_away<F: Future, S>(self, body: impl FnOnce() -> F, _share: S) -> F {
        body()
    }

    /// See [`Miss::run_away_blocking`].
    fn run_away_blocking<T, F: FnOnce() -> T>(self, body: impl FnOnce() -> F) -> T {
        body()()
    }

    /// See [`Miss::try_run_away_blocking`].
    fn try_run_away_blocking<T, F: FnOnce() -> T, S>(self, body: impl FnOnce() -> F, _share: S) -> T {
        body()()
    }
}

impl<K, V> MissFallback<V> for Miss<K, V> {}

impl<K, V> MissAwayFallback for Miss<K, V> {}

/// A borrowed argument, of which a body in the background has a copy.
pub struct Lent<'a, A: ?Sized>(&'a A);

impl<'a, A: ?Sized> Lent<'a, A> {
    pub(crate) fn new(argument: &'a A) -> Self {
        Self(argument)
    }
}

impl<A: ?Sized + ToOwned<Owned: Send + 'static>> Lent<'_, A> {
    /// Makes the copy.
    pub fn copy(self) -> A::Owned {
        self.0.to_owned()
    }
}

/// The copy of what cannot be copied.
pub struct Uncopied<A: ?Sized>(PhantomData<fn(Box<A>)>);

impl<A: ?Sized> Borrow<A> for Uncopied<A> {
    fn borrow(&self) -> &A {
        unreachable!()
    }
}

/// What is done with an argument that cannot be copied.
pub trait LentFallback<A: ?Sized>: Sized {
    /// Is never called.
    fn copy(self) -> Uncopied<A> {
        unreachable!()
    }
}

impl<A: ?Sized> LentFallback<A> for Lent<'_, A> {}

impl<K: RemoteKey, V, C: Codec<V>> Builder<K, V, C> {
    /// Adds a tier, as the attribute does.
    #[doc(hidden)]
    pub fn below(self, tier: impl Into<Tier>) -> Self {
        self.tier(tier)
    }
}

/// What is done with a cache that cannot have a tier below memory.
pub trait BuilderFallback: Sized {
    /// See [`Builder::tier`].
    #[must_use]
    fn below(self, _tier: impl Into<Tier>) -> Self {
        self
    }
}

impl<K, V, C> BuilderFallback for Builder<K, V, C> {}
