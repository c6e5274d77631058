//! Bodies that run away from their call: to refresh what its caller has already got, or to go on when its caller is
//! gone.

use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

use crate::background;
use crate::bounds::{CacheKey, CacheValue};
use crate::call::on_thread;
use crate::contain::{Panic, caught, contained};
use crate::errand::errand;
use crate::fill::{Find, WhenDue};
use crate::flight::{Callers, Lead};
use crate::inner::{Inner, Share};
use crate::length::Length;
use crate::log;
use crate::mode::Mode;
use crate::run::{Ended, Run, Tally};
use crate::timer;

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Tells whether a body is to go on when its call has ended.
    pub(crate) fn goes_away(&self, run: &Run<K, V>) -> bool {
        let wants_to = self.policy.detach || self.policy.soft_timeout.is_some() && run.lent().is_some();
        wants_to && !background::is_for_us()
    }

    /// Runs the body in the background, and waits for it; where there is an older value, no longer than the soft
    /// timeout says.
    pub(crate) async fn run_away<E: Send + 'static>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>> + Send + 'static,
        share: Option<Share<E>>,
    ) -> Result<V, E> {
        let (tally, lender) = (Tally::of(&run, &self.counts), run.lender());
        let soft = self.policy.soft_timeout.as_ref().filter(|_| run.lends).map(Length::get);
        let body = Callers::here().within(body);
        let (errand, mut awaited) = errand(self.clone().carry_out(run, body, share));
        background::spawn(errand);
        if let Some(soft) = soft {
            match timer::timeout(soft, awaited.result()).await {
                Some(ended) => return counted(ended.unwrap_or_else(Err), tally),
                None => {
                    if let Some(answer) = lender.and_then(|lender| lender.lent()) {
                        tally.stale();
                        return Ok(answer.value);
                    }
                }
            }
        }
        counted(awaited.result().await.unwrap_or_else(Err), tally)
    }

    /// Runs the body in the background, unless a tier below memory has a value that is fresh.
    pub(crate) fn refresh<E: Send + 'static>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>> + Send + 'static,
        share: Option<Share<E>>,
    ) {
        let this = self.clone();
        run.lead.iter().for_each(Lead::stays_on_thread);
        background::spawn(async move {
            if let Some(run) = this.look_below(Mode::Async, run).await
                && this.clone().carry_out(run, body, share).await.is_err()
            {
                log::error(format_args!("a refresh of `{}` panicked", this.name));
            }
        });
    }

    /// Runs the body on another thread, unless a tier below memory has a value that is fresh.
    pub(crate) fn refresh_blocking<E: Send + 'static>(
        self: &Arc<Self>,
        run: Run<K, V>,
        body: impl FnOnce() -> Result<V, E> + Send + 'static,
        share: Option<Share<E>>,
    ) {
        let this = self.clone();
        run.lead.iter().for_each(|lead| lead.queue(true));
        background::spawn_blocking(move || {
            run.lead.iter().for_each(|lead| lead.queue(false));
            let Some(run) = on_thread(|| this.look_below(Mode::Blocking, run)) else { return };
            let start = this.start();
            let result = contained(|| run.within_blocking(body));
            this.spent(start);
            match result {
                Some(result) => drop(this.end_blocking(run, result, share)),
                None => {
                    this.give_up(run);
                    log::error(format_args!("a refresh of `{}` panicked", this.name));
                }
            }
        });
    }

    /// Asks the tiers below memory for what is to be refreshed, if that has not been done.
    async fn look_below(self: &Arc<Self>, mode: Mode, run: Run<K, V>) -> Option<Run<K, V>> {
        let (Some(lead), None) = (&run.lead, &run.visit) else { return Some(run) };
        let visit = self.visit(lead, lead.key(), mode);
        match self.find(mode, run.lead?, visit, WhenDue::Run).await {
            Find::Nothing(lead, visit) => Some(Run::of(lead, visit)),
            Find::Answer(_) | Find::Refresh(..) => None,
        }
    }

    /// Runs a body away from its call, to its end.
    async fn carry_out<E>(
        self: Arc<Self>,
        run: Run<K, V>,
        body: impl Future<Output = Result<V, E>>,
        share: Option<Share<E>>,
    ) -> Result<Ended<V, E>, Panic> {
        let start = self.start();
        let result = caught(run.within(body)).await;
        self.spent(start);
        match result {
            Ok(result) => Ok(self.end(run, result, share).await),
            Err(panic) => {
                self.give_up(run);
                Err(panic)
            }
        }
    }

    fn give_up(&self, run: Run<K, V>) {
        if let Some(lead) = run.lead {
            lead.give_up(self.policy.retry_after.get());
        }
    }
}

/// Takes the result of a body that ran away from its call, which has its panic too.
fn counted<V, E>(ended: Result<Ended<V, E>, Panic>, tally: Tally<'_>) -> Result<V, E> {
    match ended {
        Ok(ended) => ended.counted(tally),
        Err(panic) => resume_unwind(panic),
    }
}
