//! A call that memory could not answer: it takes the body.

use std::future::Future;
use std::sync::Arc;

use crate::bounds::{AwayError, CacheKey, CacheValue};
use crate::call::{Call, certain};
use crate::inner::{Inner, Share};
use crate::mode::Mode;

/// A call that memory could not answer: it takes the body.
pub struct Miss<K, V>(Option<Asked<K, V>>);

/// A call and the cache that it asks.
struct Asked<K, V> {
    inner: Arc<Inner<K, V>>,
    call: Call<K>,
}

impl<K, V> Miss<K, V> {
    /// A call that memory was asked for.
    pub(crate) fn of(inner: &Arc<Inner<K, V>>, call: Call<K>) -> Self {
        Self(Some(Asked { inner: inner.clone(), call }))
    }

    /// A call that goes past the cache, because caching is off or for reasons of its own.
    pub(crate) fn past() -> Self {
        Self(None)
    }
}

impl<K: CacheKey, V: CacheValue> Miss<K, V> {
    /// Answers from the tiers, if they have it.
    pub(crate) async fn get(self, mode: Mode) -> Option<V> {
        let Asked { inner, call } = self.0?;
        inner.get(mode, &call.key).await
    }

    /// Answers from the tiers or by the body.
    pub async fn run(self, body: impl Future<Output = V>) -> V {
        match self.0 {
            Some(Asked { inner, call }) => certain(inner.answer(call, async { Ok(body.await) }, None).await),
            None => body.await,
        }
    }

    /// Answers from the tiers or by the body; only `Ok` is stored.
    pub async fn try_run<E>(
        self,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        match self.0 {
            Some(Asked { inner, call }) => inner.answer(call, body, share).await,
            None => body.await,
        }
    }

    /// Answers from the tiers or by the body, on this thread.
    #[cold]
    #[inline(never)]
    pub fn run_blocking(self, body: impl FnOnce() -> V) -> V {
        match self.0 {
            Some(Asked { inner, call }) => certain(inner.answer_blocking(call, || Ok(body()), None)),
            None => body(),
        }
    }

    /// Answers from the tiers or by the body, on this thread; only `Ok` is stored.
    #[cold]
    #[inline(never)]
    pub fn try_run_blocking<E>(
        self,
        body: impl FnOnce() -> Result<V, E>,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        match self.0 {
            Some(Asked { inner, call }) => inner.answer_blocking(call, body, share),
            None => body(),
        }
    }

    /// Answers from the tiers or by the body, which owns what it needs and so may run in the background.
    pub async fn run_away<F>(self, body: impl FnOnce() -> F) -> V
    where
        F: Future<Output = V> + Send + 'static,
    {
        match self.0 {
            Some(Asked { inner, call }) => {
                let body = || {
                    let body = body();
                    async { Ok(body.await) }
                };
                certain(inner.answer_away(call, body, None).await)
            }
            None => body().await,
        }
    }

    /// Answers likewise; only `Ok` is stored.
    pub async fn try_run_away<E, F>(self, body: impl FnOnce() -> F, share: Option<Share<E>>) -> Result<V, E>
    where
        E: AwayError,
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        match self.0 {
            Some(Asked { inner, call }) => inner.answer_away(call, body, share).await,
            None => body().await,
        }
    }

    /// Answers from the tiers or by the body, on this thread or, to refresh, on another.
    #[cold]
    #[inline(never)]
    pub fn run_away_blocking<F>(self, body: impl FnOnce() -> F) -> V
    where
        F: FnOnce() -> V + Send + 'static,
    {
        match self.0 {
            Some(Asked { inner, call }) => {
                let body = || {
                    let body = body();
                    || Ok(body())
                };
                certain(inner.answer_away_blocking(call, body, None))
            }
            None => body()(),
        }
    }

    /// Answers likewise; only `Ok` is stored.
    #[cold]
    #[inline(never)]
    pub fn try_run_away_blocking<E, F>(
        self,
        body: impl FnOnce() -> F,
        share: Option<Share<E>>,
    ) -> Result<V, E>
    where
        E: AwayError,
        F: FnOnce() -> Result<V, E> + Send + 'static,
    {
        match self.0 {
            Some(Asked { inner, call }) => inner.answer_away_blocking(call, body, share),
            None => body()(),
        }
    }
}
