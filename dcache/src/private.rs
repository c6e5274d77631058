//! All that generated code may name. Nothing here is public API.

use std::marker::PhantomData;

pub use inventory;

pub use crate::args::{Args, ToKey};
pub use crate::bounds::{CacheKey, CacheValue, RemoteKey};
pub use crate::builder::{Builder, Plan};
pub use crate::handle::{CacheRef, Handle};
pub use crate::inner::Share;
pub use crate::miss::Miss;
pub use crate::registry::{Listed, Listing};
pub use crate::site::{Meta, Site};
pub use crate::sites::Sites;
pub use crate::text::{Template, Text};
pub use crate::tier::Place;

use crate::cache::Cache;
#[cfg(any(feature = "redis", feature = "fs"))]
use crate::tier::Tier;

/// Checks that fail to compile at the user's tokens.
pub mod check {
    pub use crate::bounds::{argument, receiver, remote_argument, remote_value, value};
}

impl Place {
    /// Takes the place from the usual variable.
    pub fn unset() -> Self {
        Self::Unset
    }

    /// Takes this place.
    pub fn at(place: impl AsRef<std::path::Path>) -> Self {
        Self::At(place.as_ref().to_string_lossy().into_owned())
    }

    /// Takes the place from this variable.
    pub fn env(variable: &str) -> Self {
        Self::Env(variable.to_owned())
    }
}

/// Names a Redis.
#[cfg(feature = "redis")]
pub fn redis(place: Place) -> Tier {
    Tier::redis(place)
}

/// Names a folder.
#[cfg(feature = "fs")]
pub fn fs(place: Place) -> Tier {
    Tier::fs(place)
}

/// Tells the type of the key that this is a look-up for.
pub fn kind_of<Q: ToKey>(_: &Q) -> PhantomData<Q::Key> {
    PhantomData
}

/// Tells the type of the key that this would make.
pub fn kind_made<A, K>(_: impl Fn(A) -> K) -> PhantomData<K> {
    PhantomData
}

/// Looks into a cache that the user owns.
///
/// # Errors
/// A miss, which takes the body.
pub fn look<V: CacheValue, Q: ToKey<Key: CacheKey>>(
    cache: &Cache<Q::Key, V>,
    arguments: &Q,
) -> Result<V, Miss<Q::Key, V>> {
    cache.look(arguments)
}

/// Returns an entry of a cache that the user owns.
pub fn handle<M, V: CacheValue, Q: ToKey<Key: CacheKey>>(
    cache: &Cache<Q::Key, V>,
    arguments: &Q,
) -> Handle<V, M> {
    Handle::new(&cache.inner, arguments.to_key())
}

/// A part of a key that an expression gives: what is a reference is borrowed as it is, all else for the look-up.
pub struct Part<'t, T: ?Sized>(pub &'t T);

impl<'a, T: ?Sized> Part<'_, &'a T> {
    /// Returns the reference.
    pub fn __dcache_part(self) -> &'a T {
        self.0
    }
}

impl<'a, T: ?Sized> Part<'_, Option<&'a T>> {
    /// Returns the reference, if there is one.
    pub fn __dcache_part(self) -> Option<&'a T> {
        *self.0
    }
}

/// What holds of parts where no inherent method does.
pub trait PartFallback {
    /// The borrowed part.
    type Part;

    /// Borrows the part.
    fn __dcache_part(self) -> Self::Part;
}

impl<'t, T: ?Sized> PartFallback for Part<'t, T> {
    type Part = &'t T;

    fn __dcache_part(self) -> &'t T {
        self.0
    }
}

/// What a function returns: a `Result`, of which the value is stored.
pub trait Outcome {
    /// The value that is stored.
    type Value;
    /// The error.
    type Error;
}

impl<T, E> Outcome for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// Finds out about a return type: an inherent constant comes before a trait's, where its bounds hold.
pub struct Probe<R>(PhantomData<R>);

impl<T, E: Clone + Send + Sync + 'static> Probe<Result<T, E>> {
    /// How errors are shared with those who wait.
    pub const __DCACHE_SHARE: Option<Share<E>> = Some(Share::CLONES);
}

impl<T, E> Probe<Result<T, E>> {
    /// Whether this is a `Result`.
    pub const __DCACHE_IS_RESULT: bool = true;
}

/// What holds of errors where no inherent constant does.
pub trait ProbeFallback {
    /// The error of a `Result`.
    type Error;
    /// Errors that cannot be cloned are not shared.
    const __DCACHE_SHARE: Option<Share<Self::Error>> = None;
}

impl<T, E> ProbeFallback for Probe<Result<T, E>> {
    type Error = E;
}

/// What holds of return types where no inherent constant does.
pub trait PlainFallback {
    /// Not a `Result`.
    const __DCACHE_IS_RESULT: bool = false;
}

impl<R> PlainFallback for Probe<R> {}

/// Returns the miss of a call that goes past the cache.
pub fn past<K, V>() -> Miss<K, V> {
    Miss { call: None }
}
