//! All that generated code may name. Nothing here is public API.

use std::marker::PhantomData;

pub use crate::__controls as controls;
pub use crate::__list as list;
pub use crate::args::{Args, ToKey};
pub use crate::bounds::{AliasOfResult, CacheKey, CacheValue, NoResult, RemoteKey};
pub use crate::builder::{Builder, Plan};
pub use crate::gate::{Asked, Chosen, Far, Members, Near};
pub use crate::inner::Share;
pub use crate::miss::Miss;
pub use crate::site::{Meta, Site};
pub use crate::sites::Sites;
pub use crate::text::{Template, Text};
pub use crate::tier::Place;

#[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
use crate::tier::Tier;

/// All traits that stand in for inherent methods whose bounds do not hold.
pub mod fallback {
    pub use super::{PartFallback as _, PlainFallback as _, ProbeFallback as _};
    pub use crate::gate::{
        AskedFallback as _, BuilderFallback as _, ChosenFallback as _, LentFallback as _,
        MembersFallback as _, MissAwayFallback as _, MissFallback as _,
    };
}

/// Checks that fail to compile at the user's tokens.
pub mod check {
    pub use crate::bounds::{
        argument, kept_error, part, plain, receiver, remote_argument, remote_part, remote_value, value,
    };
}

/// How a body takes its arguments to the background.
pub mod away {
    use std::borrow::Cow;

    use crate::bounds::{Away, AwayBorrowed};
    use crate::gate::Lent;

    /// Takes an argument over.
    pub fn owned<A: Away<H>, H>(argument: A) -> H {
        argument.take()
    }

    /// Takes an argument that will be copied.
    pub fn borrowed<A: ?Sized + AwayBorrowed>(argument: &A) -> Lent<'_, A> {
        Lent::new(argument)
    }

    /// Copies an argument, if it is borrowed.
    pub fn cow<A: ?Sized + ToOwned<Owned: Send> + 'static>(argument: Cow<'_, A>) -> Cow<'static, A> {
        Cow::Owned(argument.into_owned())
    }
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

/// Takes what the option `seal` says.
///
/// # Errors
/// Says why there is nothing to seal with.
#[cfg(feature = "seal")]
pub fn seal(keys: impl crate::IntoSeal) -> Result<crate::Seal, crate::SealError> {
    keys.into_seal()
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

/// Names a bucket.
#[cfg(feature = "s3")]
pub fn s3(place: Place) -> Tier {
    Tier::s3(place)
}

/// Tells the type of the key that this would make.
pub fn kind_made<A, K>(_: impl Fn(A) -> PhantomData<K>) -> PhantomData<K> {
    PhantomData
}

/// A part of a key that an expression gives: what is a reference is borrowed as it is, all else for the look-up.
pub struct Part<'t, T: ?Sized>(pub &'t T);

/// What is a reference, or may hold one: one trait for both, so that a mistake in an expression is no second one.
pub trait Borrows: Copy {}

impl<T: ?Sized> Borrows for &T {}

impl<T: ?Sized> Borrows for Option<&T> {}

impl<T: Borrows> Part<'_, T> {
    /// Returns the reference.
    pub fn dcache_part(self) -> T {
        *self.0
    }
}

/// What holds of parts where no inherent method does.
pub trait PartFallback {
    /// The borrowed part.
    type Part;

    /// Borrows the part.
    fn dcache_part(self) -> Self::Part;
}

impl<'t, T: ?Sized> PartFallback for Part<'t, T> {
    type Part = &'t T;

    fn dcache_part(self) -> &'t T {
        self.0
    }
}

/// What a function returns: a `Result`, of which the value is stored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Result`",
    label = "of this type no `Ok` can be stored",
    note = "remove the flag `result`; write `result = false` where the type is called `Result` and is none"
)]
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
    pub const DCACHE_SHARE: Option<Share<E>> = Some(Share::CLONES);
}

impl<T, E> Probe<Result<T, E>> {
    /// It is a `Result`.
    pub const DCACHE_IS_PLAIN: AliasOfResult = AliasOfResult;
}

/// What holds of errors where no inherent constant does.
pub trait ProbeFallback {
    /// The error of a `Result`.
    type Error;
    /// Errors that cannot be cloned are not shared.
    const DCACHE_SHARE: Option<Share<Self::Error>> = None;
}

impl<T, E> ProbeFallback for Probe<Result<T, E>> {
    type Error = E;
}

/// What holds of return types where no inherent constant does.
pub trait PlainFallback {
    /// It is no `Result`.
    const DCACHE_IS_PLAIN: NoResult = NoResult;
}

impl<R> PlainFallback for Probe<R> {}

/// Returns the miss of a call that goes past the cache.
pub fn past<K, V>() -> Miss<K, V> {
    Miss::past()
}
