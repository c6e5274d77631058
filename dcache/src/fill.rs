//! What a leader does with the tiers: it looks for a value below memory, and stores one in all of them.

use std::sync::Arc;

use dcache_backends::clock;

use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::flight::{Answer, Lead, Settled};
use crate::inner::Inner;
use crate::mode::Mode;
use crate::policy::{Left, Standing};
use crate::remote::{Found, Remote, Visit};
use crate::shared::Older;
use crate::stats::{Counts, count};

/// What the tiers had for the leader of a key.
pub(crate) enum Find<K: CacheKey, V: CacheValue> {
    /// A value, and all is done.
    Answer(Answer<V>),
    /// A value, which is to be refreshed in the background.
    Refresh(Answer<V>, Lead<K, V>, Option<Box<Visit>>),
    /// No value, or one that may only stand in for an error.
    Nothing(Lead<K, V>, Option<Box<Visit>>),
}

/// What is done about a value that is due, or stale.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum WhenDue {
    /// One that is due is taken; for one that is stale the body runs.
    Take,
    /// It is taken, and refreshed in the background.
    Refresh,
    /// The body runs: this is the background.
    Run,
}

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Reads the remote tiers; what is found goes into all nearer ones with what remains of its life.
    pub(crate) async fn find(
        self: &Arc<Self>,
        mode: Mode,
        mut lead: Lead<K, V>,
        visit: Option<Box<Visit>>,
        when_due: WhenDue,
    ) -> Find<K, V> {
        let (Some(remote), Some(mut visit)) = (&self.remote, visit) else { return Find::Nothing(lead, None) };
        let Some(found) = remote.read(&mut visit, &self.policy.terms).await else {
            return Find::Nothing(lead, Some(visit));
        };
        let standing = found.left.standing();
        let is_fresh = standing == Standing::Fresh;
        let rests = !is_fresh && when_due != WhenDue::Run && self.flights.is_resting(lead.key());
        let is_taken = match standing {
            Standing::Fresh => true,
            Standing::Due => rests || when_due == WhenDue::Take,
            Standing::Stale | Standing::Kept | Standing::Over => rests,
        };
        if is_taken {
            // in the background there is no call, whose answer this would be
            if when_due != WhenDue::Run {
                self.count_answer(standing.is_stale(), &self.counts.remote_hits);
            }
            let settled = |value| Settled { rests, is_found: true, ..self.settled(value, found.left) };
            if found.tier == 0 || !is_fresh {
                return Find::Answer(lead.finish(settled(found.value)));
            }
            let answer = Answer::fresh(found.value.clone());
            if lead.settle(settled(found.value.clone())) {
                Box::pin(self.write(mode, Write { lead, visit, news: News::Found(found) })).await;
            }
            return Find::Answer(answer);
        }
        // it may be lent for longer than memory would hold it
        let held = self.held(&found.value, found.left);
        if standing == Standing::Kept || when_due != WhenDue::Refresh {
            lead.lend(found.left.slot(found.value), held);
            return Find::Nothing(lead, Some(visit));
        }
        let answer = Answer::of(found.value.clone(), standing);
        lead.lend(found.left.slot(found.value), held);
        self.count_answer(answer.is_stale, &self.counts.remote_hits);
        Find::Refresh(answer, lead, Some(visit))
    }

    /// Ends a flight with a value that was computed, and returns that; or settles on it, and says what is to be written
    /// below memory first.
    pub(crate) fn keep(
        &self,
        mut lead: Lead<K, V>,
        visit: Option<Box<Visit>>,
        value: V,
    ) -> (V, ToWrite<K, V>) {
        let terms = &self.policy.terms;
        let lives = match &self.policy.cache_if {
            Some(cache_if) if !cache_if(&value) => None,
            _ => Some(terms.new_lives(&value)),
        };
        let settled = |value| match lives {
            Some(lives) => self.settled(value, terms.whole(lives.memory)),
            None => Settled {
                answer: Answer::fresh(value),
                slot: None,
                fresh_until: clock::now(),
                rests: false,
                is_found: false,
            },
        };
        let Some(visit) = visit else { return (lead.finish(settled(value)).value, None) };
        // what is not to be stored does not leave an older value in its place either
        let older = match (lead.replaces(), lead.lends()) {
            (true, _) => Older::MustGo,
            (false, true) => Older::Goes,
            (false, false) => Older::Stays,
        };
        let news = match lives {
            // it may be written by and by
            Some(lives) => {
                let left = terms.whole(lives.below).since(clock::now());
                News::Computed { value: value.clone(), left, older }
            }
            None if older == Older::Stays => return (lead.finish(settled(value)).value, None),
            None => News::Nothing(older),
        };
        let may_write = lead.settle(settled(value.clone()));
        (value, may_write.then(|| Box::new(Write { lead, visit, news })))
    }

    /// Writes to remote tiers what a flight has settled on, now or by and by; then the flight is over.
    pub(crate) async fn write(self: &Arc<Self>, mode: Mode, write: Write<K, V>) {
        let Write { mut lead, mut visit, news } = write;
        let Some(remote) = &self.remote else { return };
        if !self.policy.write_in_background || !background::WRITES.has_room() {
            return lead.writing(mode, news.write(remote, &mut visit, &self.counts)).await;
        }
        lead.publish();
        let this = self.clone();
        background::WRITES.spawn(move || {
            visit.go_on_thread();
            if let (Some(remote), true) = (&this.remote, lead.begin_writes()) {
                let write = news.write(remote, &mut visit, &this.counts);
                pollster::block_on(lead.writing(Mode::Blocking, write));
            }
            drop(lead); // only now may a change of this key go on
        });
    }

    /// Reads the remote tiers beside whatever is under way, and stores nothing.
    pub(crate) async fn read(&self, mode: Mode, key: &K) -> Option<V> {
        let remote = self.remote.as_ref()?;
        let found = remote.read(&mut remote.visit(key, mode)?, &self.policy.terms).await?;
        let standing = found.left.standing();
        if standing >= Standing::Kept {
            return None;
        }
        self.count_answer(standing.is_stale(), &self.counts.remote_hits);
        Some(found.value)
    }
}

/// What is to be written below memory before a flight is over.
pub(crate) struct Write<K: CacheKey, V: CacheValue> {
    lead: Lead<K, V>,
    visit: Box<Visit>,
    news: News<V>,
}

/// The same, where there is any.
pub(crate) type ToWrite<K, V> = Option<Box<Write<K, V>>>;

/// What remote tiers are to learn.
enum News<V> {
    /// A new value, and how long it lives.
    Computed { value: V, left: Left, older: Older },
    /// What a farther tier had.
    Found(Found<V>),
    /// Nothing is to be stored in the place of what may be there.
    Nothing(Older),
}

impl<V> News<V> {
    async fn write<K>(&self, remote: &Remote<K, V>, visit: &mut Visit, counts: &Counts) {
        match self {
            Self::Found(found) => remote.promote(visit, found).await,
            Self::Nothing(older) => drop(remote.remove(visit, *older).await),
            Self::Computed { value, left, older } => {
                let fault = remote.store(visit, value, *left, *older).await.err();
                if fault.is_some_and(|error| error.parts().iter().any(|part| part.tier().is_empty())) {
                    count(&counts.errors); // the value's fault; a tier has counted its own
                }
            }
        }
    }
}
