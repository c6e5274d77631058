//! Spans, as far as a test has to know which one a thread is in.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

/// A subscriber that knows the spans which each thread is in.
#[derive(Default)]
pub struct Spans {
    made: AtomicU64,
    kinds: Mutex<Vec<&'static Metadata<'static>>>,
}

thread_local!(static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) });

/// Returns the name of the span that this thread is in.
pub fn current() -> Option<&'static str> {
    tracing::Span::current().metadata().map(Metadata::name)
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner).push(span.metadata());
        Id::from_u64(self.made.fetch_add(1, SeqCst) + 1)
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.clone()));
    }

    fn exit(&self, _: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.pop());
    }

    fn current_span(&self) -> Current {
        let Some(id) = ENTERED.with_borrow(|entered| entered.last().cloned()) else { return Current::none() };
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        Current::new(id.clone(), kinds[id.into_u64() as usize - 1])
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}
}
