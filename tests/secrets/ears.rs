//! Everything that is said is heard here.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::{Debug, Display, Write as _};
use std::sync::{Mutex, Once, PoisonError};

use dcache::Error;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use crate::canary::form_in;

static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Remembers what was said, and by what.
pub(crate) fn hear(by: &str, said: impl Display) {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{by}: {said}"));
}

/// Hears what a value shows of itself.
pub(crate) fn debug(value: &impl Debug) {
    let by = std::any::type_name_of_val(value);
    hear(by, format_args!("{value:?}"));
    hear(by, format_args!("{value:#?}"));
}

/// Hears all that an error tells, with its parts and its sources.
pub(crate) fn error(error: &Error) {
    for part in error.parts() {
        hear("Error", part);
        hear("Error", format_args!("{part:#}"));
        hear("Error::tier", part.tier());
        debug(part);
        let mut source = part.source();
        while let Some(cause) = source {
            hear("source", cause);
            debug(&cause);
            source = cause.source();
        }
    }
    hear("Error", error);
    debug(error);
}

/// Hears the error of a control, if it is one.
pub(crate) fn outcome<T>(outcome: Result<T, Error>) {
    if let Err(fault) = outcome {
        error(&fault);
    }
}

/// Hears what there is to know about the program as a whole.
pub(crate) fn program() {
    debug(&dcache::functions());
    outcome(pollster::block_on(dcache::check()));
    dcache::record_metrics();
}

/// Begins to listen to logs, metrics, and panics of dcache's own.
pub(crate) fn open() {
    static OPEN: Once = Once::new();
    OPEN.call_once(|| {
        tracing::subscriber::set_global_default(Listener).expect("nobody else listens");
        metrics::set_global_recorder(Listener).expect("nobody else counts");
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let place =
                panic.location().map(|location| location.file().replace('\\', "/")).unwrap_or_default();
            match [
                "dcache/src/",
                "dcache-backends/src/",
                "/redis-",
                "/tokio-",
                "/rustls-",
                "/object_store-",
                "/hyper-",
            ]
            .iter()
            .any(|own| place.contains(own))
            {
                true => hear("panic", panic),
                // of a test, or of a user's code that it stands for
                false if place.starts_with("tests/secrets") && form_in(&panic.to_string()).is_some() => {}
                false => before(panic),
            }
        }));
    });
}

/// Asserts that a line with these words was heard, so that what a test wants to provoke did happen.
pub(crate) fn assert_heard(words: &str) {
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    let logs: BTreeSet<_> = heard.iter().filter(|said| said.starts_with("log")).collect();
    assert!(heard.iter().any(|said| said.contains(words)), "nothing was said of {words:?}: {logs:#?}");
}

/// Asserts that nothing of all that was heard is a secret, and that much was heard.
pub(crate) fn assert_no_secret() {
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    let leaks: BTreeSet<_> = heard.iter().filter_map(|said| Some((form_in(said)?, said))).collect();
    leaks.iter().for_each(|(form, said)| eprintln!("a secret, {form}: {said}")); // no panic shows a secret here
    assert!(leaks.is_empty(), "{} of {} lines hold a secret", leaks.len(), heard.len());
    assert!(heard.len() > 5, "next to nothing was heard: {heard:#?}");
}

struct Listener;

/// The fields of an event or a span.
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let _ = write!(self.0, " {field}={value} {value:?}");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        // the server of S3 is in this process, and says what it was sent
        !metadata.target().starts_with("s3s")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("{} {}", span.metadata().target(), span.metadata().name()));
        span.record(&mut fields);
        hear("span", fields.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, record: &Record<'_>) {
        let mut fields = Fields(String::new());
        record.record(&mut fields);
        hear("span", fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut fields = Fields(format!("{} {} {}", metadata.level(), metadata.target(), metadata.name()));
        event.record(&mut fields);
        hear("log", fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Recorder for Listener {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        hear("metric", format_args!("{name:?} {unit:?} {description}"));
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        hear("metric", format_args!("{name:?} {unit:?} {description}"));
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        hear("metric", format_args!("{name:?} {unit:?} {description}"));
    }

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        hear("metric", format_args!("{key} {metadata:?}"));
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        hear("metric", format_args!("{key} {metadata:?}"));
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        hear("metric", format_args!("{key} {metadata:?}"));
        Histogram::noop()
    }
}
