//! Building a cache: what the attribute's options are, without the attribute.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use dcache_backends::memory::{Capacity, WeightFn};
use dcache_backends::{Error, ErrorKind, Operation, Scope};

use crate::bounds::{CacheKey, CacheValue, RemoteKey};
use crate::cache::Cache;
use crate::call::DEFAULT_PATIENCE;
use crate::codec::{Bincode, Codec};
use crate::flight::Flights;
use crate::inner::{Id, Inner, Policy, Share};
use crate::length::{Length, Portion};
use crate::log;
use crate::policy::{Terms, Ttl};
use crate::registry;
use crate::remote::{Coder, Remote, Sealing};
use crate::seal::Seal;
#[cfg(feature = "seal")]
use crate::seal::{IntoSeal, SealError, evaluated};
use crate::settings;
use crate::stats::Counts;
use crate::threads::Store;
use crate::tier::Tier;
use crate::weight::Weight;

/// So many entries memory holds where nothing is said.
const DEFAULT_ENTRIES: usize = 10_000;

/// How long a key that failed is left alone, while there is an older value, where nothing is said.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// So many keys that failed are remembered.
const SETBACKS: usize = 10_000;

/// So many bytes an encoded value may take in remote tiers where nothing is said.
const DEFAULT_MAX_SIZE: usize = 16 << 20;

/// The in-process tier of a cache: its capacity, and how long values stay fresh in it.
///
/// ```
/// # use std::time::Duration;
/// use dcache::Memory;
///
/// let by_count: Memory<u64> = Memory::entries(10_000).ttl(Duration::from_secs(30));
/// let by_size: Memory<String> = Memory::bytes(64 << 20);
/// let by_hand: Memory<Vec<f64>> = Memory::weighed(64 << 20, |values: &Vec<f64>| 8 * values.len());
/// ```
#[must_use]
pub struct Memory<V> {
    capacity: Capacity<V>,
    ttl: Option<Duration>,
}

/// Holds 10 000 entries.
impl<V: 'static> Default for Memory<V> {
    fn default() -> Self {
        Self::entries(DEFAULT_ENTRIES)
    }
}

impl<V: 'static> Memory<V> {
    /// Holds at most this many entries; at least one.
    pub fn entries(entries: usize) -> Self {
        Self { capacity: Capacity::Entries(entries.max(1)), ttl: None }
    }

    /// Holds at most this many bytes, by [`Weight`].
    pub fn bytes(bytes: u64) -> Self
    where
        V: Weight,
    {
        Self::weighed(bytes, V::weight)
    }

    /// Holds at most this many bytes, as this function tells them.
    pub fn weighed(bytes: u64, weight: impl Fn(&V) -> usize + Send + Sync + 'static) -> Self {
        let weight: WeightFn<V> = Arc::new(weight);
        Self { capacity: Capacity::Bytes(bytes, weight), ttl: None }
    }

    /// Sets how long a value stays fresh in memory at most; the cache's time to live counts where it is shorter.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }
}

/// Builds a [`Cache`]; see [`Cache::builder`].
///
/// `C` is the codec of the tiers below memory: bincode unless [`codec`](Self::codec) says otherwise.
#[must_use = "nothing is built before `build`"]
pub struct Builder<K, V, C = Bincode> {
    plan: Plan<K, V>,
    codec: PhantomData<fn() -> C>,
}

/// All that a cache is built from.
pub struct Plan<K, V> {
    name: String,
    /// The name of the generic function that this is one of.
    generic: Option<String>,
    memory: Option<Memory<V>>,
    tiers: Vec<Tier>,
    coder: Option<Coder<K, V>>,
    id: Option<Id<K>>,
    version: u64,
    max_size: usize,
    /// What to seal with, or why there is nothing.
    seal: Option<Result<Seal, String>>,
    policy: Policy<V>,
}

impl<K: CacheKey, V: CacheValue> Cache<K, V> {
    /// Starts to build a cache; the name stands in remote keys, statistics and logs.
    pub fn builder(name: impl Into<String>) -> Builder<K, V> {
        Builder::new(name.into())
    }
}

impl<K, V: 'static> Builder<K, V> {
    pub(crate) fn new(name: String) -> Self {
        let plan = Plan {
            name,
            generic: None,
            memory: Some(Memory::default()),
            tiers: Vec::new(),
            coder: None,
            id: None,
            version: 0,
            max_size: DEFAULT_MAX_SIZE,
            seal: None,
            policy: Policy {
                terms: Terms {
                    ttl: Ttl::Unset,
                    jitter: None,
                    refresh_ahead: None,
                    stale_while_revalidate: None,
                    stale_if_error: None,
                },
                memory_ttl: None,
                cache_if: None,
                coalesce: Some(DEFAULT_PATIENCE),
                write_in_background: false,
                err_ttl: None,
                retry_after: DEFAULT_RETRY_AFTER.into(),
                soft_timeout: None,
                detach: false,
                share: None,
            },
        };
        Self { plan, codec: PhantomData }
    }

    /// Tells the name that the function has without its types, by which the program may know it.
    pub(crate) fn one_of(mut self, generic: String) -> Self {
        self.plan.generic = Some(generic);
        self
    }
}

impl<K, V, C> Builder<K, V, C> {
    /// Sets up memory; by default it holds 10 000 entries.
    pub fn memory(mut self, memory: Memory<V>) -> Self {
        self.plan.memory = Some(memory);
        self
    }

    /// Holds nothing in memory: every call asks the tiers below.
    pub fn no_memory(mut self) -> Self {
        self.plan.memory = None;
        self
    }

    /// Adds a tier below those that are there.
    pub fn tier(mut self, tier: impl Into<Tier>) -> Self
    where
        K: RemoteKey,
        C: Codec<V>,
    {
        self.plan.tiers.push(tier.into());
        self.plan.coder = Some(Coder::of::<C>());
        self.identified()
    }

    /// Gives keys ids without a tier below memory, for `key` to tell.
    #[doc(hidden)]
    pub fn identified(mut self) -> Self
    where
        K: RemoteKey,
    {
        self.plan.id = Some(K::id);
        self
    }

    /// Sets how values are held below memory; by default by bincode.
    pub fn codec<D: Codec<V>>(self, _codec: D) -> Builder<K, V, D>
    where
        K: RemoteKey,
    {
        let coder = self.plan.coder.map(|_| Coder::of::<D>());
        Builder { plan: Plan { coder, ..self.plan }, codec: PhantomData }
    }

    /// Sets how values are held below memory, as the attribute does, before there is a tier.
    #[doc(hidden)]
    pub fn held_by<D>(self) -> Builder<K, V, D> {
        Builder { plan: self.plan, codec: PhantomData }
    }

    /// Sets how long a value is fresh; by default for ever in memory and 30 days below it.
    ///
    /// A zero stores nothing. More than 100 years count as 100 years.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.plan.policy.terms.ttl = Ttl::Fixed(ttl);
        self
    }

    /// Sets how long a value is fresh by the value itself, asked each time one is stored.
    pub fn ttl_with(mut self, ttl: impl Fn(&V) -> Duration + Send + Sync + 'static) -> Self {
        self.plan.policy.terms.ttl = Ttl::By(Arc::new(ttl));
        self
    }

    /// Keeps values for ever, below memory too.
    pub fn no_ttl(mut self) -> Self {
        self.plan.policy.terms.ttl = Ttl::Never;
        self
    }

    /// Shortens every stored value's time to live by a random part of this, so that values which were stored
    /// together do not end together. It needs a time to live.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dcache::Cache;
    ///
    /// // each lives for 54 to 60 minutes
    /// let cache: Cache<u64, u64> =
    ///     Cache::builder("squares").ttl(Duration::from_secs(3600)).jitter(0.1).build()?;
    /// # Ok::<(), dcache::Error>(())
    /// ```
    pub fn jitter(mut self, jitter: impl Into<Portion>) -> Self {
        self.plan.policy.terms.jitter = Some(jitter.into());
        self
    }

    /// Has a hit in this last part of the time to live also start a refresh in the background. It needs a time to
    /// live, and bodies that can run there: [`Cache::get_or_spawn_with`] and its kin.
    pub fn refresh_ahead(mut self, ahead: impl Into<Portion>) -> Self {
        self.plan.policy.terms.refresh_ahead = Some(ahead.into());
        self
    }

    /// Lets calls have a value for so long after its time to live, while it is being refreshed in the background
    /// (RFC 5861, section 3). It needs a time to live.
    ///
    /// A body that cannot run in the background ([`Cache::get_or_insert_with`]) refreshes in its call: that one
    /// waits, all others have the old value meanwhile.
    pub fn stale_while_revalidate(mut self, window: impl Into<Length>) -> Self {
        self.plan.policy.terms.stale_while_revalidate = Some(window.into());
        self
    }

    /// Lets calls have a value for so long after its time to live in the place of an error (RFC 5861, section 4).
    /// It needs a time to live.
    pub fn stale_if_error(mut self, window: impl Into<Length>) -> Self {
        self.plan.policy.terms.stale_if_error = Some(window.into());
        self
    }

    /// Sets how long a body that failed is not tried again while calls have an older value; by default 1 s.
    pub fn retry_after(mut self, rest: impl Into<Length>) -> Self {
        self.plan.policy.retry_after = rest.into();
        self
    }

    /// Sets how long a call waits for a body that can run in the background while there is an older value, one for
    /// [`stale_if_error`](Self::stale_if_error): then it has that one, and the body goes on.
    pub fn soft_timeout(mut self, limit: impl Into<Length>) -> Self {
        self.plan.policy.soft_timeout = Some(limit.into());
        self
    }

    /// Lets bodies that can run in the background ([`Cache::get_or_spawn_with`]) outlive their calls.
    pub fn detach(mut self) -> Self {
        self.plan.policy.detach = true;
        self
    }

    /// Shares errors of this type, which are cloned, with those who wait for the same body. Without it they run
    /// their own.
    pub fn share_errors<E: Clone + Send + Sync + 'static>(mut self) -> Self {
        self.plan.policy.share = Some(Box::new(Share::<E>::CLONES));
        self
    }

    /// Keeps errors of this type for so long, in memory: calls get them without running the body. It shares them,
    /// too.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dcache::Cache;
    ///
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct NotFound;
    ///
    /// let users: Cache<u64, String> =
    ///     Cache::builder("users").err_ttl::<NotFound>(Duration::from_secs(5)).build()?;
    /// let users = users.blocking();
    /// assert_eq!(users.try_get_or_insert_with(&7, || Err(NotFound)), Err(NotFound));
    /// assert_eq!(users.try_get_or_insert_with(&7, || Ok("Ada".to_owned())), Err(NotFound));
    /// # Ok::<(), dcache::Error>(())
    /// ```
    pub fn err_ttl<E: Clone + Send + Sync + 'static>(self, ttl: impl Into<Length>) -> Self {
        self.errors_for(ttl).share_errors::<E>()
    }

    /// Keeps errors for so long, where calls say how they are shared.
    #[doc(hidden)]
    pub fn errors_for(mut self, ttl: impl Into<Length>) -> Self {
        self.plan.policy.err_ttl = Some(ttl.into());
        self
    }

    /// Sets the version of values: entries of another version are not read. By default 0.
    pub fn version(mut self, version: u64) -> Self {
        self.plan.version = version;
        self
    }

    /// Stores only values for which this returns true.
    pub fn cache_if(mut self, cache_if: impl Fn(&V) -> bool + Send + Sync + 'static) -> Self {
        self.plan.policy.cache_if = Some(Arc::new(cache_if));
        self
    }

    /// Sets how long a call waits for another one with its key before it runs its body too; by default 60 s.
    pub fn coalesce(mut self, patience: Duration) -> Self {
        self.plan.policy.coalesce = Some(patience);
        self
    }

    /// Has every call that misses run its body, however many do so at once.
    pub fn no_coalesce(mut self) -> Self {
        self.plan.policy.coalesce = None;
        self
    }

    /// Returns values before the tiers below memory have them; [`drain`](crate::drain) waits for those writes.
    pub fn write_in_background(mut self) -> Self {
        self.plan.policy.write_in_background = true;
        self
    }

    /// Sets the largest encoded value that tiers below memory take, in bytes; by default 16 MiB.
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.plan.max_size = bytes;
        self
    }

    /// Has the tiers below memory hold values encrypted and authenticated, by the first of these keys; those that any
    /// of them sealed are read. By default they hold values as the codec encodes them.
    ///
    /// It is the attribute's option [`seal`](macro@crate::dcache#seal), which says what that is good for. Without a tier
    /// below memory it does nothing.
    ///
    /// ```
    /// # fn example(shelf: impl dcache::Backend) -> Result<(), dcache::Error> {
    /// use dcache::{Cache, Seal};
    ///
    /// # #[cfg(feature = "bincode")] {
    /// let cache: Cache<u64, String> =
    ///     Cache::builder("letters").tier(shelf).seal(Seal::from_env("LETTERS_KEY")).build()?;
    /// # }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "seal")]
    pub fn seal(mut self, keys: impl IntoSeal) -> Self {
        self.plan.seal = Some(keys.into_seal().map_err(|error| error.to_string()));
        self
    }

    /// Seals by what the attribute's expression returns.
    #[cfg(feature = "seal")]
    #[doc(hidden)]
    pub fn sealed(self, keys: impl FnOnce() -> Result<Seal, SealError>) -> Self {
        self.seal(evaluated(keys))
    }

    /// Builds the cache.
    ///
    /// # Errors
    /// Says which tier's configuration is wrong, that there is no key to seal with, that an option needs a time to live, or that
    /// [`configure`](crate::configure) gives a capacity to a cache without memory. Nothing is connected to yet; [`check`](crate::check) does that.
    pub fn build(self) -> Result<Cache<K, V>, Error>
    where
        K: CacheKey,
        V: CacheValue,
    {
        let mut inner = self.plan.assemble();
        match Error::join(std::mem::take(&mut inner.faults)) {
            Some(fault) => Err(fault),
            None => Ok(registry::added(inner)),
        }
    }

    /// Ends the building by an attribute, which keeps the plan for later.
    #[doc(hidden)]
    pub fn plan(self) -> Plan<K, V> {
        self.plan
    }
}

impl<K: CacheKey, V: CacheValue> Plan<K, V> {
    /// Makes a cache's inside with all tiers that can be had; what is wrong with the others is among its faults.
    pub(crate) fn assemble(self) -> Inner<K, V> {
        let scope = Scope::new(&settings::settle(), &self.name);
        let set = settings::of_function(&self.name, self.generic.as_deref());
        let mut faults = Vec::new();
        let tiers: Vec<_> = self
            .tiers
            .into_iter()
            .filter_map(|tier| tier.open().map_err(|fault| faults.push(fault)).ok().flatten())
            .collect();
        for fault in &faults {
            log::error(format_args!("`{}` works without one of its tiers: {fault}", self.name));
        }
        if set.capacity.is_some() && self.memory.is_none() {
            let context = format!("`{}` holds nothing in memory; leave out its capacity", self.name);
            let fault = Error::new(ErrorKind::Config, Operation::Configure).with_context(context);
            log::error(format_args!("{fault}"));
            faults.push(fault);
        }
        let mut policy = self.policy;
        if let Some(ttl) = set.ttl {
            policy.terms.ttl = Ttl::Fixed(ttl);
        }
        faults.extend(policy.terms.needs_an_end().map(|option| {
            let context = format!("`{option}` of `{}` needs a `ttl`, after which it comes in", self.name);
            let fault = Error::new(ErrorKind::Config, Operation::Configure).with_context(context);
            log::error(format_args!("{fault}"));
            fault
        }));
        let sealing = match self.seal {
            None => Sealing::Plain,
            Some(Ok(seal)) => Sealing::By(seal),
            Some(Err(reason)) => {
                let context = format!("`seal` of `{}`: {reason}", self.name);
                let fault = Error::new(ErrorKind::Config, Operation::Configure).with_context(context);
                log::error(format_args!("{fault}; nothing is held below memory"));
                faults.push(fault);
                Sealing::Off
            }
        };
        let memory_ttl = self.memory.as_ref().and_then(|memory| memory.ttl);
        policy.memory_ttl = policy.terms.ttl.cut_by(memory_ttl);
        let capacity = set.capacity.map(|entries| Capacity::Entries(entries.max(1)));
        let memory = self.memory.map(|memory| Store::new(capacity.unwrap_or(memory.capacity)));
        let remote = match self.coder {
            Some(coder) if !tiers.is_empty() => {
                let tiers = tiers.into_iter().map(|tier| tier.within(&policy.terms.ttl)).collect();
                Some(Remote::new(tiers, coder, scope.clone(), self.version, self.max_size, sealing))
            }
            _ => None,
        };
        // tiers are written one after the other by synchronous callers; the second is for a busy machine
        let timeouts = remote.iter().flat_map(|remote| &remote.tiers).map(|tier| tier.timeout());
        let patience =
            Duration::from_secs(1).saturating_add(timeouts.fold(Duration::ZERO, Duration::saturating_add));
        let remembers = policy.err_ttl.is_some() || policy.terms.has_older_values();
        let flights = Arc::new(Flights::new(memory, patience, remembers.then_some(SETBACKS)));
        Inner {
            name: self.name,
            scope,
            id: self.id,
            flights,
            remote,
            policy,
            counts: Counts::default(),
            faults,
            fails: AtomicBool::new(false),
            is_off: set.enabled == Some(false),
            #[cfg(feature = "testing")]
            aside: Default::default(),
        }
    }
}
