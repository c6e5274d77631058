//! The run of a body: for whom, and what it has come to.

use std::future::Future;

use crate::bounds::{CacheKey, CacheValue};
use crate::flight::{Answer, Lead, Lender};
use crate::remote::Visit;
use crate::stats::{Counts, count};

/// A call whose body is to run: as the leader of its key, or beside who leads.
pub(crate) struct Run<K: CacheKey, V: CacheValue> {
    pub(crate) lead: Option<Lead<K, V>>,
    pub(crate) visit: Option<Box<Visit>>,
    /// Who leads instead, if anyone does.
    beside: Option<Lender<K, V>>,
    /// The caller may get an older value instead of an error: not one who wants to know how the body ends.
    borrows: bool,
    /// There was an older value when this began.
    pub(crate) lends: bool,
}

impl<K: CacheKey, V: CacheValue> Run<K, V> {
    /// The run of a call that leads.
    pub(crate) fn of(lead: Lead<K, V>, visit: Option<Box<Visit>>) -> Self {
        let lends = lead.lends();
        Self { lead: Some(lead), visit, beside: None, borrows: true, lends }
    }

    /// The run of a call that is to replace what is stored.
    pub(crate) fn changing(lead: Lead<K, V>, visit: Option<Box<Visit>>) -> Self {
        Self { lead: Some(lead), visit, beside: None, borrows: false, lends: false }
    }

    /// The run of a call that leads nobody.
    pub(crate) fn beside(lender: Option<Lender<K, V>>) -> Self {
        let lends = lender.as_ref().is_some_and(Lender::lends);
        Self { lead: None, visit: None, beside: lender, borrows: true, lends }
    }

    /// Runs an asynchronous body, as the leader's if the call leads.
    pub(crate) async fn within<F: Future>(&self, body: F) -> F::Output {
        match &self.lead {
            Some(lead) => lead.within(body).await,
            None => body.await,
        }
    }

    /// Runs a synchronous body likewise.
    #[inline]
    pub(crate) fn within_blocking<T>(&self, body: impl FnOnce() -> T) -> T {
        match &self.lead {
            Some(lead) => lead.within_blocking(body),
            None => body(),
        }
    }

    /// Returns who has an older value that the caller may get.
    pub(crate) fn lender(&self) -> Option<Lender<K, V>> {
        let of_lead = || self.lead.as_ref().map(Lead::lender);
        if self.borrows { of_lead().or_else(|| self.beside.clone()) } else { None }
    }

    /// Returns the older value, if it may do instead of an error.
    pub(crate) fn lent(&self) -> Option<Answer<V>> {
        self.lender()?.lent()
    }
}

/// What the run of a body has come to.
pub(crate) struct Ended<V, E> {
    pub(crate) result: Result<V, E>,
    /// It is an older value, as the body failed.
    pub(crate) is_stale: bool,
}

impl<V, E> Ended<V, E> {
    pub(crate) fn counted(self, tally: Tally<'_>) -> Result<V, E> {
        if self.is_stale {
            tally.stale();
        }
        self.result
    }
}

/// Counts a call at its end, if there was an older value so that only the end tells what it was: a miss, unless it
/// is said to be stale. One that panics or is dropped is counted too.
pub(crate) struct Tally<'a>(Option<&'a Counts>);

impl<'a> Tally<'a> {
    pub(crate) fn of<K: CacheKey, V: CacheValue>(run: &Run<K, V>, counts: &'a Counts) -> Self {
        Self(run.lends.then_some(counts))
    }

    pub(crate) fn stale(mut self) {
        if let Some(counts) = self.0.take() {
            count(&counts.stale);
        }
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        if let Some(counts) = self.0 {
            count(&counts.misses);
        }
    }
}
