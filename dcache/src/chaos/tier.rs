//! A tier under chaos.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use dcache_backends::{
    Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait,
};

use super::Chaos;
use super::fault::{Fault, Kind, Moment, Turn, fault};
use crate::log;
use crate::place;
use crate::sync::Mutex;
use crate::timer;

/// So many entries are remembered that a read may have in the place of its own.
const RECENT: usize = 32;

/// A tier that goes wrong as a [`Chaos`] has it; see [`Chaos::over`]. Clones are the same tier.
#[derive(Clone)]
pub struct ChaosTier(Arc<Inner>);

struct Inner {
    chaos: Chaos,
    backend: Arc<dyn Backend>,
    /// Which server or folder it is, if that is known.
    place: Option<String>,
    /// How many operations of a kind a key has had.
    numbers: Mutex<BTreeMap<(u8, [u8; 32]), u64>>,
    /// The entries that were written last, with the digests of their keys.
    recent: Mutex<VecDeque<([u8; 32], Bytes)>>,
}

/// How the tier below is asked: in a future, or on this thread until then.
#[derive(Clone, Copy)]
enum Way<'b> {
    Future,
    Thread(&'b dyn BlockingBackend, Instant),
}

impl Way<'_> {
    /// Answers on this thread within the budget.
    fn within(tier: &dyn BlockingBackend, budget: Duration) -> Way<'_> {
        let now = Instant::now();
        Way::Thread(tier, now.checked_add(budget).unwrap_or(now))
    }

    /// Waits; on a thread no longer than it may.
    async fn pause(self, length: Duration) -> Result<(), ErrorKind> {
        match self {
            Way::Future => {
                timer::timeout(length, pending::<()>()).await;
                Ok(())
            }
            Way::Thread(_, end) => {
                let left = end.saturating_duration_since(Instant::now());
                thread::sleep(length.min(left));
                if length < left { Ok(()) } else { Err(ErrorKind::Timeout) }
            }
        }
    }

    /// Never answers; on a thread it is given up there.
    async fn hang(self) -> Result<(), ErrorKind> {
        match self {
            Way::Future => pending().await,
            Way::Thread(..) => self.pause(Duration::MAX).await,
        }
    }
}

fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

impl ChaosTier {
    pub(super) fn new(chaos: Chaos, backend: impl Backend) -> Self {
        let (place, backend) = (place::of(&backend), Arc::new(backend));
        Self(Arc::new(Inner { chaos, backend, place, numbers: Mutex::default(), recent: Mutex::default() }))
    }

    /// Returns the chaos.
    pub fn chaos(&self) -> &Chaos {
        &self.0.chaos
    }

    /// Tells which server or folder is below it, if that is known.
    pub(crate) fn place(&self) -> Option<&str> {
        self.0.place.as_deref()
    }
}

impl Inner {
    /// Tells what happens to the operation that comes now.
    fn next(&self, operation: Operation, digest: &[u8; 32]) -> Fault {
        let whole = &*self.chaos.0;
        if whole.is_off.load(Relaxed) {
            return Fault::Nothing;
        }
        whole.operations.fetch_add(1, Relaxed);
        let number = {
            let mut numbers = self.numbers.lock();
            let next = numbers.entry((operation as u8, *digest)).or_default();
            *next += 1;
            *next - 1
        };
        let turn = Turn { tier: self.backend.name(), operation, digest, number };
        let rates = whole.rates.lock().clone();
        fault(whole.seed, &rates, turn)
    }

    /// Has a fault come that is about the answer, if this is its moment.
    async fn strike(
        &self,
        fault: Fault,
        now: Moment,
        operation: Operation,
        way: Way<'_>,
    ) -> Result<(), Error> {
        let struck = match fault {
            Fault::Error(kind, moment) if moment == now => {
                self.chaos.count(Kind::Error);
                Err(kind)
            }
            Fault::Delay(length, moment) if moment == now => {
                self.chaos.count(Kind::Delay);
                way.pause(length).await
            }
            Fault::Hang(moment) if moment == now => {
                self.chaos.count(Kind::Hang);
                way.hang().await
            }
            _ => Ok(()),
        };
        struck.map_err(|kind| self.error(kind, operation))
    }

    fn error(&self, kind: ErrorKind, operation: Operation) -> Error {
        Error::new(kind, operation).with_tier(self.backend.name().to_owned()).with_context("by chaos")
    }

    async fn get(&self, key: &Key, limit: usize, way: Way<'_>) -> Result<Option<Bytes>, Error> {
        let fault = self.next(Operation::Get, key.digest());
        self.strike(fault, Moment::Before, Operation::Get, way).await?;
        let entry = match (self.other(fault, key, limit), way) {
            (Some(other), _) => Some(other),
            (None, Way::Future) => self.backend.get_within(key, limit).await?,
            (None, Way::Thread(tier, end)) => tier.get(key, limit, left(end))?,
        };
        let entry = entry.map(|entry| self.damaged(entry, fault));
        self.strike(fault, Moment::After, Operation::Get, way).await?;
        Ok(entry)
    }

    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>, way: Way<'_>) -> Result<(), Error> {
        let fault = self.next(Operation::Set, key.digest());
        self.strike(fault, Moment::Before, Operation::Set, way).await?;
        match fault {
            Fault::Lost => {
                self.chaos.count(Kind::Lost);
                self.remove_below(key, way).await?;
            }
            Fault::Late(by) => {
                self.chaos.count(Kind::Late);
                self.set_later(key, entry, life, by);
                way.hang().await.map_err(|kind| self.error(kind, Operation::Set))?;
            }
            _ => {
                let entry = self.damaged(entry, fault);
                match way {
                    Way::Future => self.backend.set(key, entry.clone(), life).await?,
                    Way::Thread(tier, end) => tier.set(key, entry.clone(), life, left(end))?,
                }
                self.remember(key, entry);
            }
        }
        self.strike(fault, Moment::After, Operation::Set, way).await
    }

    async fn remove(&self, key: &Key, way: Way<'_>) -> Result<(), Error> {
        let fault = self.next(Operation::Remove, key.digest());
        self.strike(fault, Moment::Before, Operation::Remove, way).await?;
        self.remove_below(key, way).await?;
        self.strike(fault, Moment::After, Operation::Remove, way).await
    }

    async fn remove_below(&self, key: &Key, way: Way<'_>) -> Result<(), Error> {
        match way {
            Way::Future => self.backend.remove(key).await,
            Way::Thread(tier, end) => tier.remove(key, left(end)),
        }
    }

    async fn clear(&self, scope: &Scope, way: Way<'_>) -> Result<u64, Error> {
        let digest = *blake3::hash(scope.key_prefix().as_bytes()).as_bytes();
        let fault = self.next(Operation::Clear, &digest);
        self.strike(fault, Moment::Before, Operation::Clear, way).await?;
        let removed = match way {
            Way::Future => self.backend.clear(scope).await?,
            Way::Thread(tier, end) => tier.clear(scope, left(end))?,
        };
        self.strike(fault, Moment::After, Operation::Clear, way).await?;
        Ok(removed)
    }

    async fn check(&self) -> Result<(), Error> {
        let fault = self.next(Operation::Check, &[0; 32]);
        self.strike(fault, Moment::Before, Operation::Check, Way::Future).await?;
        self.backend.check().await?;
        self.strike(fault, Moment::After, Operation::Check, Way::Future).await
    }

    /// Carries a write out by and by.
    fn set_later(&self, key: &Key, entry: Bytes, life: Option<Duration>, by: Duration) {
        let (backend, key) = (self.backend.clone(), key.clone());
        let write = move || {
            thread::sleep(by);
            // nobody is left to be told that it failed
            let _ = match backend.as_blocking() {
                Some(tier) => tier.set(&key, entry, life, backend.time_budget()),
                None => pollster::block_on(driven(async move { backend.set(&key, entry, life).await })),
            };
        };
        if let Err(error) = thread::Builder::new().name("dcache-chaos".to_owned()).spawn(write) {
            log::error(format_args!("no thread for a late write of chaos: {error}"));
        }
    }

    fn remember(&self, key: &Key, entry: Bytes) {
        let mut recent = self.recent.lock();
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back((*key.digest(), entry));
    }

    /// Returns the entry of another key, if that is the fault and there is one.
    fn other(&self, fault: Fault, key: &Key, limit: usize) -> Option<Bytes> {
        let Fault::Swapped(share) = fault else { return None };
        let recent = self.recent.lock();
        let is_other = |(digest, entry): &&([u8; 32], Bytes)| digest != key.digest() && entry.len() <= limit;
        let others: Vec<_> = recent.iter().filter(is_other).collect();
        let (_, other) = others.get((share * others.len() as f64) as usize)?;
        self.chaos.count(Kind::Swapped);
        Some(other.clone())
    }

    /// Returns an entry with the damage that is the fault, if it is one.
    fn damaged(&self, entry: Bytes, fault: Fault) -> Bytes {
        if entry.is_empty() {
            return entry;
        }
        match fault {
            Fault::Truncated(share) => {
                self.chaos.count(Kind::Truncated);
                entry.slice(..(share * entry.len() as f64) as usize)
            }
            Fault::Flipped(share) => {
                self.chaos.count(Kind::Flipped);
                let mut bytes = entry.to_vec();
                let bit = (share * (8 * bytes.len()) as f64) as usize;
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes.into()
            }
            _ => entry,
        }
    }
}

/// Runs a tier's future on a thread without a runtime.
async fn driven(write: impl Future<Output = Result<(), Error>> + Send + 'static) -> Result<(), Error> {
    #[cfg(any(feature = "redis", feature = "fs", feature = "s3"))]
    return dcache_backends::io::run(write).await?;
    #[cfg(not(any(feature = "redis", feature = "fs", feature = "s3")))]
    write.await
}

#[async_trait]
impl Backend for ChaosTier {
    fn name(&self) -> &str {
        self.0.backend.name()
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.0.get(key, usize::MAX, Way::Future).await
    }
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        self.0.set(key, entry, life, Way::Future).await
    }
    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.0.remove(key, Way::Future).await
    }
    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        self.0.clear(scope, Way::Future).await
    }
    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        self.0.get(key, limit, Way::Future).await
    }
    async fn check(&self) -> Result<(), Error> {
        self.0.check().await
    }
    fn time_budget(&self) -> Duration {
        self.0.backend.time_budget()
    }
    /// Answers in place where the tier below does; delays and hangs end with the budget there.
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        self.0.backend.as_blocking().is_some().then_some(self)
    }
}

impl ChaosTier {
    /// Drives an operation on this thread, where nothing is waited for but in place.
    fn on_thread<'t, T, F: Future<Output = Result<T, Error>>>(
        &'t self,
        budget: Duration,
        operation: impl FnOnce(&'t Inner, Way<'t>) -> F,
    ) -> Result<T, Error> {
        match self.0.backend.as_blocking() {
            Some(tier) => pollster::block_on(operation(&self.0, Way::within(tier, budget))),
            None => Err(Error::new(ErrorKind::Unavailable, Operation::Connect)),
        }
    }
}

impl BlockingBackend for ChaosTier {
    fn get(&self, key: &Key, limit: usize, budget: Duration) -> Result<Option<Bytes>, Error> {
        self.on_thread(budget, |inner, way| inner.get(key, limit, way))
    }
    fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>, budget: Duration) -> Result<(), Error> {
        self.on_thread(budget, |inner, way| inner.set(key, entry, life, way))
    }
    fn remove(&self, key: &Key, budget: Duration) -> Result<(), Error> {
        self.on_thread(budget, |inner, way| inner.remove(key, way))
    }
    fn clear(&self, scope: &Scope, budget: Duration) -> Result<u64, Error> {
        self.on_thread(budget, |inner, way| inner.clear(scope, way))
    }
}

impl fmt::Debug for ChaosTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChaosTier({}: {:?})", self.name(), self.0.chaos)
    }
}
