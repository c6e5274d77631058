//! What keys and values must be able to do, and the compile-time checks that say so at the user's tokens.

use std::hash::Hash;

use serde::Serialize;

use crate::canonical::{self, Refusal};
use crate::codec::Codec;
use crate::text::Text;

/// What a key must be: compared, hashed, kept and shared between threads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a cache key",
    note = "a key is hashed, compared, cloned and shared: `Hash + Eq + Clone + Send + Sync + 'static`"
)]
pub trait CacheKey: Hash + Eq + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<K: Hash + Eq + Clone + Send + Sync + 'static> CacheKey for K {}

/// What a value must be: handed out as a clone, to any thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached: every hit hands out a clone",
    note = "a cached value is `Clone + Send + Sync + 'static`; derive `Clone`, or return an `Arc` of it"
)]
pub trait CacheValue: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<V: Clone + Send + Sync + 'static> CacheValue for V {}

/// What a key must be for tiers below memory: something that has an id in every process.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key below memory",
    note = "remote tiers are keyed by a digest of the serialized arguments: derive `serde::Serialize`, \
            leave the argument out with `skip(…)`, or choose the key with `key = …`"
)]
pub trait RemoteKey: CacheKey {
    /// Returns the id, or why there is none.
    fn id(&self) -> Result<String, Refusal>;
}

#[diagnostic::do_not_recommend]
impl<K: CacheKey + Serialize> RemoteKey for K {
    fn id(&self) -> Result<String, Refusal> {
        canonical::id(self)
    }
}

impl RemoteKey for Text {
    fn id(&self) -> Result<String, Refusal> {
        Ok(Self::id(self))
    }
}

/// What an argument must be to be part of a key.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be part of a cache key",
    note = "every argument in the key is `Hash + Eq + ToOwned` (so `Clone`, or `str`, `[T]`, `Path`), and its \
            owned form `Send + Sync + 'static`",
    note = "leave it out with `skip(…)` if it does not select the result, or choose the key with `key = …`"
)]
pub trait KeyArgument {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + Hash + Eq + ToOwned<Owned: CacheKey>> KeyArgument for A {}

/// What a method's `self` must be to be part of a key.
#[diagnostic::on_unimplemented(
    message = "`self` of type `{Self}` cannot be part of a cache key",
    note = "if `self` does not select the result, leave it out: `skip(self)`",
    note = "if a part of it does, key by that: `key = (self.id, …)`, with the arguments that matter",
    note = "if all of it does, derive `Clone, PartialEq, Eq, Hash` for it; it is `Send + Sync + 'static` as well"
)]
pub trait KeyReceiver {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + Hash + Eq + ToOwned<Owned: CacheKey>> KeyReceiver for A {}

/// What an argument must be to be part of a key below memory.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot be part of a key below memory",
    note = "remote tiers are keyed by a digest of the serialized arguments: derive `serde::Serialize`, \
            leave the argument out with `skip(…)`, or choose the key with `key = …`"
)]
pub trait RemoteKeyArgument {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + ToOwned<Owned: RemoteKey>> RemoteKeyArgument for A {}

/// What an expression must give to be part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    note = "every part of a key is `Hash + Eq + ToOwned` (so `Clone`, or `str`, `[T]`, `Path`), and its owned form \
            `Send + Sync + 'static`",
    note = "a float has `to_bits()`, and much else an id or a `to_string()`"
)]
pub trait KeyPart {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + KeyArgument> KeyPart for &A {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + KeyArgument> KeyPart for Option<&A> {}

/// What an expression must give to be part of a key below memory.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key below memory",
    note = "remote tiers are keyed by a digest of the serialized key: derive `serde::Serialize`, or key by something \
            else"
)]
pub trait RemoteKeyPart: KeyPart {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + KeyArgument + RemoteKeyArgument> RemoteKeyPart for &A {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + KeyArgument + RemoteKeyArgument> RemoteKeyPart for Option<&A> {}

/// What an error must be to be kept.
#[diagnostic::on_unimplemented(
    message = "errors of type `{Self}` cannot be kept",
    label = "every call that gets the error gets a clone",
    note = "an error under `err_ttl` is `Clone + Send + Sync + 'static`; derive `Clone`, or return an `Arc` of it"
)]
pub trait KeptError {}

#[diagnostic::do_not_recommend]
impl<E: Clone + Send + Sync + 'static> KeptError for E {}

/// What an error must be where the body may run in the background.
#[diagnostic::on_unimplemented(
    message = "errors of type `{Self}` cannot come back from the background",
    note = "`stale_while_revalidate`, `refresh_ahead`, `soft_timeout` and `detach` run the body on another task or \
            thread, too; its error is `Send + 'static`"
)]
pub trait AwayError: Send + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Send + 'static> AwayError for E {}

/// What an argument must be that the body owns in the background.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` cannot go to the background",
    note = "`stale_while_revalidate`, `refresh_ahead`, `soft_timeout` and `detach` run the body on another task or \
            thread, too, with arguments of its own: each is `Send + 'static`, those that are skipped as well"
)]
pub trait Away<H> {
    /// Takes the argument over.
    fn take(self) -> H;
}

#[diagnostic::do_not_recommend]
impl<A: Send + 'static> Away<A> for A {
    fn take(self) -> A {
        self
    }
}

/// What an argument must be of which the body owns a copy in the background.
#[diagnostic::on_unimplemented(
    message = "an argument of type `&{Self}` cannot go to the background",
    note = "`stale_while_revalidate`, `refresh_ahead`, `soft_timeout` and `detach` run the body on another task or \
            thread, too, with copies of what the call borrows: `ToOwned` (so `Clone`, or `str`, `[T]`, `Path`) into \
            `Send + 'static`, for arguments that are skipped and `self` as well"
)]
pub trait AwayBorrowed {}

#[diagnostic::do_not_recommend]
impl<A: ?Sized + ToOwned<Owned: Send + 'static>> AwayBorrowed for A {}

/// A return type of another name that is no `Result`.
#[derive(Clone, Copy)]
pub struct NoResult;

/// A return type of another name that is a `Result`.
#[derive(Clone, Copy)]
pub struct AliasOfResult;

/// What a return type must be to be stored as it is.
#[diagnostic::on_unimplemented(
    message = "the return type is an alias of `Result`",
    label = "add the flag `result`, so that only `Ok` is stored",
    note = "`result = false` stores the errors as well"
)]
pub trait Plain {}

impl Plain for NoResult {}

/// Fails to compile where a return type is an alias of `Result`.
pub const fn plain<A: Plain + Copy>(_: A) {}

/// Fails to compile where an expression gives no part of a key.
#[inline]
pub fn part<P: KeyPart>(part: P) -> P {
    part
}

/// Fails to compile where an expression gives no part of a key below memory.
#[inline]
pub fn remote_part<P: RemoteKeyPart>(part: P) -> P {
    part
}

/// Fails to compile where an argument cannot be part of a key.
pub const fn argument<A: ?Sized + KeyArgument>() {}

/// Fails to compile where `self` cannot be part of a key.
pub const fn receiver<S: ?Sized + KeyReceiver>() {}

/// Fails to compile where an argument cannot be part of a key below memory.
pub const fn remote_argument<A: ?Sized + RemoteKeyArgument>() {}

/// Fails to compile where a value cannot be cached.
pub const fn value<V: CacheValue>() {}

/// Fails to compile where an error cannot be kept.
pub const fn kept_error<E: KeptError>() {}

/// Fails to compile where a codec cannot hold a value.
pub const fn remote_value<V, C: Codec<V>>() {}
