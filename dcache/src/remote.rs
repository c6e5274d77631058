//! The tiers below memory, as one cache sees them: entries in, values out.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use dcache_backends::{Bytes, Error, ErrorKind, Key, Operation, Scope, clock};

use crate::bounds::RemoteKey;
use crate::canonical::Refusal;
use crate::codec::{self, Codec, CodecError};
use crate::contain::contained;
use crate::entry::{self, Head, Reject};
use crate::live::{Allowance, LiveTier};
use crate::log;
use crate::mode::Mode;
use crate::policy::{Left, Standing, Terms, Times};
use crate::schema::Schema;
use crate::seal::Seal;
use crate::shared::Older;
use crate::stats::count;
use crate::together::{all, joined, together};

/// What turns keys and values of these types into what remote tiers hold.
pub(crate) struct Coder<K, V> {
    number: u8,
    name: &'static str,
    id: fn(&K) -> Result<String, Refusal>,
    encode: fn(&V) -> Result<Vec<u8>, CodecError>,
    decode: fn(Bytes) -> Result<V, CodecError>,
    verify: fn(&V, &[u8]) -> Result<(), CodecError>,
    schema: fn() -> Schema,
}

impl<K: RemoteKey, V> Coder<K, V> {
    pub(crate) fn of<C: Codec<V>>() -> Self {
        Self {
            number: C::NUMBER,
            name: C::NAME,
            id: K::id,
            encode: C::encode,
            decode: C::decode,
            verify: codec::round_trips::<C, V>,
            schema: C::schema,
        }
    }
}

pub(crate) struct Remote<K, V> {
    pub(crate) tiers: Vec<LiveTier>,
    coder: Coder<K, V>,
    scope: Scope,
    version: u64,
    max_size: usize,
    sealing: Sealing,
    schema: OnceLock<Schema>,
    /// A value has been brought back from what it was encoded to.
    is_verified: AtomicBool,
    /// Values of this type cannot be brought back: remote tiers are not used.
    is_off: AtomicBool,
    /// It was reported that some arguments have no key.
    is_told: AtomicBool,
    /// It was reported that some entries are sealed by a key that is not here.
    is_locked_out: AtomicBool,
}

/// Whether what the tiers hold is sealed.
pub(crate) enum Sealing {
    Plain,
    By(Seal),
    /// It is to be, and there is nothing to seal with: then nothing is read and nothing is written.
    Off,
}

/// What is said of code of users that panicked where it must not be noticed.
const PANICKED: &str = "code of the type panicked";

/// Runs code of a codec likewise; a panic is an error about this one value.
fn coded<T>(code: impl FnOnce() -> Result<T, CodecError>) -> Result<T, CodecError> {
    contained(code).unwrap_or_else(|| Err(CodecError::new(PANICKED)))
}

/// One call's way through the tiers: its key, and what is left of each tier's time.
pub(crate) struct Visit {
    key: Key,
    allowances: Vec<Allowance>,
}

impl Visit {
    /// Goes on where it may block.
    pub(crate) fn go_on_thread(&mut self) {
        self.allowances.iter_mut().for_each(|allowance| allowance.mode = Mode::Blocking);
    }
}

/// A value found in a remote tier.
pub(crate) struct Found<V> {
    pub(crate) value: V,
    pub(crate) times: Times,
    /// What was left when it was found.
    pub(crate) left: Left,
    pub(crate) tier: usize,
    payload: Bytes,
}

impl<K, V> Remote<K, V> {
    pub(crate) fn new(
        tiers: Vec<LiveTier>,
        coder: Coder<K, V>,
        scope: Scope,
        version: u64,
        max_size: usize,
        sealing: Sealing,
    ) -> Self {
        let no = || AtomicBool::new(false);
        Self {
            tiers,
            coder,
            scope,
            version,
            max_size,
            sealing,
            schema: OnceLock::new(),
            is_verified: no(),
            is_off: no(),
            is_told: no(),
            is_locked_out: no(),
        }
    }

    pub(crate) fn key(&self, key: &K) -> Result<Key, Error> {
        let error = || Error::new(ErrorKind::Codec, Operation::Get).with_context("the arguments have no key");
        let id = contained(|| (self.coder.id)(key).map_err(|refusal| error().with_source(refusal)));
        let id = id.unwrap_or_else(|| Err(error().with_source(PANICKED)))?;
        Ok(Key::new(&self.scope, &id))
    }

    /// Starts a call's way through the tiers: none where they cannot be used.
    pub(crate) fn visit(&self, key: &K, mode: Mode) -> Option<Visit> {
        match self.key(key) {
            Ok(key) => {
                Some(Visit { key, allowances: self.tiers.iter().map(|tier| tier.allowance(mode)).collect() })
            }
            Err(error) => {
                if !self.is_told.swap(true, Relaxed) {
                    let function = self.scope.function();
                    log::error(format_args!("calls of `{function}` go past the tiers below memory: {error}"));
                }
                None
            }
        }
    }

    /// Asks one tier after the other until one has a value that is fresh. Where none has, returns the older one that
    /// may be handed out the longest.
    pub(crate) async fn read(&self, visit: &mut Visit, terms: &Terms<V>) -> Option<Found<V>> {
        if self.is_off.load(Relaxed) || self.seal().is_err() {
            return None;
        }
        let mut older: Option<Found<V>> = None;
        for (n, tier) in self.tiers.iter().enumerate() {
            match self.read_tier(n, visit, terms).await {
                Some(found) if found.left.standing() <= Standing::Due => {
                    count(&tier.counts.hits);
                    return Some(found);
                }
                Some(found) => {
                    count(&tier.counts.misses);
                    if older.as_ref().is_none_or(|older| older.left.kept < found.left.kept) {
                        older = Some(found);
                    }
                }
                None => count(&tier.counts.misses),
            }
        }
        older
    }

    async fn read_tier(&self, n: usize, visit: &mut Visit, terms: &Terms<V>) -> Option<Found<V>> {
        let (tier, allowance) = (&self.tiers[n], &mut visit.allowances[n]);
        // what a codec made of `max_size` bytes, its frame, and a seal
        let limit = self.max_size.saturating_add(entry::OVERHEAD);
        let entry = match tier.get(&visit.key, limit, allowance).await {
            Ok(entry) => entry?,
            Err(error) if error.kind() == ErrorKind::TooLarge => {
                log::warn(format_args!("{error}; it is removed"));
                let _ = Box::pin(tier.remove(&visit.key, Older::Goes, allowance)).await;
                return None;
            }
            Err(_) => return None,
        };
        match self.open(entry, &visit.key, n, terms) {
            Ok(Some(found)) if tier.is_late(&visit.key, found.times.created, allowance) => {
                let _ = Box::pin(tier.remove(&visit.key, Older::Goes, allowance)).await;
                None
            }
            Ok(opened) => opened,
            Err(reason) => {
                count(&tier.counts.errors);
                log::warn(format_args!(
                    "tier `{}` had a bad entry, {reason}: {:?}; it is removed",
                    tier.name(),
                    visit.key
                ));
                let _ = Box::pin(tier.remove(&visit.key, Older::Goes, allowance)).await;
                None
            }
        }
    }

    /// Brings a value back: none where the entry is past its life or of another schema, codec or format.
    ///
    /// A time to live that was longer when the entry was written does not count any more.
    fn open(
        &self,
        entry: Bytes,
        key: &Key,
        tier: usize,
        terms: &Terms<V>,
    ) -> Result<Option<Found<V>>, String> {
        let Ok(seal) = self.seal() else { return Ok(None) };
        let (head, payload) = match entry::read(entry, key, seal) {
            Ok((_, payload)) if payload.len() > self.max_size => return Err("too large".to_owned()),
            Ok(read) => read,
            Err(Reject::Foreign) => return Ok(None),
            Err(Reject::UnknownKey) => {
                self.locked_out(&self.tiers[tier]);
                return Ok(None);
            }
            Err(Reject::Corrupt(reason)) => return Err(reason.to_owned()),
        };
        // in this order: what comes between makes the value older, not younger
        let (moment, now) = (clock::now(), clock::wall());
        let times = head.times.back(clock::set_back(head.times.created, head.run));
        let times = times.living(terms.ttl.fixed()).within(self.tiers[tier].ttl, times.created);
        let left = terms.left_of(times, now).since(moment);
        if !head.matches(self.coder.number, self.schema()) || left.standing() == Standing::Over {
            return Ok(None);
        }
        let value = coded(|| (self.coder.decode)(payload.clone())).map_err(|error| error.to_string())?;
        Ok(Some(Found { value, times, left, tier, payload }))
    }

    /// Writes what was found into the nearer tiers, with what remains of its life.
    pub(crate) async fn promote(&self, visit: &mut Visit, found: &Found<V>) {
        // a tier that does not take it has counted that
        let _ = self.write(visit, found.tier, found.times, &found.payload, Older::Stays).await;
    }

    /// Writes a new value into all tiers; says which have not taken it.
    ///
    /// Where the value cannot be stored, an older one is removed unless it stays.
    pub(crate) async fn store(
        &self,
        visit: &mut Visit,
        value: &V,
        left: Left,
        older: Older,
    ) -> Result<(), Error> {
        match self.payload(value) {
            Ok(payload) => {
                let now = clock::wall().saturating_sub(left.age().as_millis() as u64);
                let times = Times::of(left, now);
                self.write(visit, self.tiers.len(), times, &payload, older).await
            }
            Err(fault) if older == Older::Stays => Err(fault.with_key(&visit.key)),
            Err(fault) => {
                let fault = fault.with_key(&visit.key);
                joined([fault].into_iter().chain(self.remove(visit, older).await.err()))
            }
        }
    }

    fn payload(&self, value: &V) -> Result<Vec<u8>, Error> {
        let fault = |kind| Error::new(kind, Operation::Set);
        if self.is_off.load(Relaxed) {
            return Err(fault(ErrorKind::Codec).with_context("the tiers below memory are off for this type"));
        }
        self.seal()?;
        match coded(|| self.encode(value)) {
            Ok(payload) if payload.len() > self.max_size => {
                let (size, limit) = (payload.len(), self.max_size);
                let context = format!("the value takes {size} bytes, `max_size` is {limit}");
                Err(fault(ErrorKind::TooLarge).with_context(context))
            }
            Ok(payload) => Ok(payload),
            Err(error) => {
                if error.is_about_type() {
                    self.turn_off(&error);
                }
                Err(fault(ErrorKind::Codec).with_source(error))
            }
        }
    }

    /// Writes an entry into the nearest tiers; one that would not let it live removes what it has instead.
    async fn write(
        &self,
        visit: &mut Visit,
        tiers: usize,
        times: Times,
        payload: &[u8],
        older: Older,
    ) -> Result<(), Error> {
        let (now, key) = (clock::wall(), &visit.key);
        let writes =
            self.tiers[..tiers].iter().zip(&mut visit.allowances).map(|(tier, allowance)| async move {
                let times = times.within(tier.ttl, now);
                let Some(life) = times.storage(now) else {
                    return match older {
                        Older::Stays => Ok(()),
                        Older::Goes | Older::MustGo => tier.remove(key, older, allowance).await,
                    };
                };
                let (codec, schema, run) = (self.coder.number, self.schema(), clock::run());
                let head = Head { codec, schema, times, run };
                match self.seal().and_then(|seal| entry::write(&head, key, payload, seal)) {
                    Ok(entry) => tier.set(key, entry, times.created, life, older, allowance).await,
                    Err(fault) if older == Older::Stays => Err(fault),
                    Err(fault) => {
                        joined([fault].into_iter().chain(tier.remove(key, older, allowance).await.err()))
                    }
                }
            });
        all(writes).await
    }

    fn encode(&self, value: &V) -> Result<Vec<u8>, CodecError> {
        let payload = (self.coder.encode)(value)?;
        if !self.is_verified.load(Relaxed) {
            (self.coder.verify)(value, &payload)?;
            self.is_verified.store(true, Relaxed);
        }
        Ok(payload)
    }

    /// Removes an entry from all tiers; says which may still hold it.
    pub(crate) async fn remove(&self, visit: &mut Visit, older: Older) -> Result<(), Error> {
        let removals = self
            .tiers
            .iter()
            .zip(&mut visit.allowances)
            .map(|(tier, allowance)| tier.remove(&visit.key, older, allowance));
        all(removals).await
    }

    /// Removes all entries of this function from all tiers.
    pub(crate) async fn clear(&self, mode: Mode) -> Result<u64, Error> {
        let mut removed = 0;
        let mut faults = Vec::new();
        for result in together(self.tiers.iter().map(|tier| tier.clear(&self.scope, mode))).await {
            match result {
                Ok(count) => removed += count,
                Err(fault) => faults.push(fault),
            }
        }
        joined(faults).map(|()| removed)
    }

    /// Returns the fingerprint of the value's type; traced once, when it is first needed.
    fn schema(&self) -> Schema {
        *self.schema.get_or_init(|| (self.coder.schema)().with(self.version))
    }

    /// Returns what payloads are sealed with, if they are. Nothing is read or written without asking this.
    fn seal(&self) -> Result<Option<&Seal>, Error> {
        match &self.sealing {
            Sealing::Plain => Ok(None),
            Sealing::By(seal) => Ok(Some(seal)),
            Sealing::Off => Err(Error::new(ErrorKind::Config, Operation::Set)
                .with_context("the tiers below memory are off: there is nothing to seal with")),
        }
    }

    /// Counts an entry that is sealed by a key that is not here, such as another process may have already.
    fn locked_out(&self, tier: &LiveTier) {
        count(&tier.counts.errors);
        if !self.is_locked_out.swap(true, Relaxed) {
            log::warn(format_args!(
                "`{}`: tier `{}` has entries that are sealed by a key which is not here; they are misses",
                self.scope.function(),
                tier.name()
            ));
        }
    }

    fn turn_off(&self, reason: &CodecError) {
        if !self.is_off.swap(true, Relaxed) {
            let (function, value) = (self.scope.function(), std::any::type_name::<V>());
            let codec = self.coder.name;
            log::error(format_args!(
                "the tiers below memory are off for `{function}`: {reason}; `{value}` cannot be kept by the codec \
                 `{codec}`, choose another one"
            ));
        }
    }
}
