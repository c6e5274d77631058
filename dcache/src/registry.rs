//! All caches of the program: for lists, for checks, and so that no two functions share a name.

#[cfg(feature = "testing")]
use std::any::Any;
use std::collections::BTreeMap;
use std::iter::successors;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use dcache_backends::Error;

use crate::bounds::{CacheKey, CacheValue};
use crate::cache::Cache;
#[cfg(feature = "testing")]
use crate::contain::contained;
use crate::inner::{Inner, MEMORY};
use crate::live::LiveTier;
use crate::mode::Mode;
use crate::settings;
use crate::stats::Stats;
use crate::sync::Mutex;
use crate::together::{all, joined, together};

/// A cached function of this program, called or not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Function {
    /// Its name in keys, statistics and logs.
    pub name: String,
    /// The file that it stands in.
    pub file: &'static str,
    /// The line in it.
    pub line: u32,
    /// The names of its tiers, nearest first; one whose variable is not set is not among them.
    pub tiers: Vec<String>,
    /// Its time to live, where that is the same for every value.
    pub ttl: Option<Duration>,
    /// What it has done.
    pub stats: Stats,
}

/// Lists every cached function of the program, called or not, by name.
///
/// A generic function is listed once for each set of types that it was called with.
///
/// ```
/// use dcache::dcache;
///
/// #[dcache(name = "half")]
/// fn half(n: u64) -> u64 { n / 2 }
///
/// let listed = dcache::functions();
/// assert!(listed.iter().any(|function| function.name == "half" && function.stats.misses == 0));
/// ```
pub fn functions() -> Vec<Function> {
    let mut functions: Vec<_> =
        members().map(|member| member.cache.describe(member.file, member.line)).collect();
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    functions
}

/// Tries every tier in use, and says which fail and why; for start-up.
///
/// It builds the caches of all functions that were not called yet; those of [`Cache::builder`] are to be built
/// before. A cache works whatever this returns.
///
/// # Errors
/// One with a [part](Error::parts) for each tier that cannot be used and each configuration that is wrong.
///
/// ```
/// # pollster::block_on(async {
/// if let Err(error) = dcache::check().await {
///     eprintln!("starting without some cache tiers: {error}");
/// }
/// # });
/// ```
pub async fn check() -> Result<(), Error> {
    members().for_each(drop); // so that all are built
    let caches = opened();
    let mut faults: Vec<Error> = caches.iter().flat_map(|cache| cache.faults().to_vec()).collect();
    let listed = listed().map(Listing::name);
    let known: Vec<_> = listed.chain(caches.iter().map(|cache| cache.name().to_owned())).collect();
    faults.extend(settings::strays(&known));
    let mut tiers: Vec<&LiveTier> = Vec::new();
    for tier in caches.iter().flat_map(|cache| cache.tiers()) {
        if !tiers.iter().any(|other| other.is_same(tier)) {
            tiers.push(tier);
        }
    }
    faults.extend(together(tiers.into_iter().map(LiveTier::check)).await.into_iter().filter_map(Result::err));
    joined(faults)
}

/// What a cached function tells of itself.
pub(crate) trait Listing: Send + Sync {
    /// Returns its caches: one, or for a generic function one for each set of types.
    fn members(&'static self) -> Vec<Member>;

    /// Returns its name; that of a generic function without any types.
    fn name(&self) -> String;

    /// Returns its link in the list of functions.
    fn next(&self) -> &Next;
}

/// A cache of a function.
pub struct Member {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) cache: Arc<dyn Described>,
}

/// Removes all values of these caches.
pub(crate) async fn clear(members: Vec<Member>, mode: Mode) -> Result<(), Error> {
    all(members.iter().map(|member| member.cache.clear(mode))).await
}

/// Returns the counts of these caches, added up.
pub(crate) fn stats(members: &[Member]) -> Stats {
    members.iter().map(|member| member.cache.stats()).fold(Stats::default(), Stats::plus)
}

/// What follows a function in the list of all functions: set once, when it comes into the list.
pub(crate) type Next = OnceLock<Option<&'static dyn Listing>>;

/// The function that came into the list last.
static LISTED: Mutex<Option<&'static dyn Listing>> = Mutex::new(None);

/// Puts a function in front of the list; it runs before `main`, and a second time does nothing.
pub(crate) fn enlist(function: &'static dyn Listing) {
    let mut first = LISTED.lock();
    if function.next().set(*first).is_ok() {
        *first = Some(function);
    }
}

fn listed() -> impl Iterator<Item = &'static dyn Listing> {
    let first = *LISTED.lock();
    successors(first, |function| function.next().get().copied().flatten())
}

fn members() -> impl Iterator<Item = Member> {
    listed().flat_map(Listing::members)
}

/// A cache, whatever its types.
pub(crate) trait Described: Send + Sync {
    fn name(&self) -> &str;
    fn describe(&self, file: &'static str, line: u32) -> Function;
    fn stats(&self) -> Stats;
    fn clear(&self, mode: Mode) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>>;
    fn faults(&self) -> &[Error];
    fn tiers(&self) -> &[LiveTier];

    /// Forgets what is in memory, and keeps what is under way from storing anything until what this returns is
    /// dropped.
    #[cfg(feature = "testing")]
    fn hold(&self) -> Box<dyn Any + Send>;
    #[cfg(feature = "testing")]
    fn counts(&self) -> Stats;
    #[cfg(feature = "testing")]
    fn count_anew(&self, before: Stats);
    #[cfg(feature = "testing")]
    fn count_on(&self);
}

impl<K: CacheKey, V: CacheValue> Described for Inner<K, V> {
    fn name(&self) -> &str {
        &self.name
    }

    fn describe(&self, file: &'static str, line: u32) -> Function {
        let memory = self.flights.memory.as_ref().map(|_| MEMORY);
        let tiers =
            memory.into_iter().chain(self.tiers().iter().map(LiveTier::name)).map(str::to_owned).collect();
        let name = self.name.clone();
        Function { name, file, line, tiers, ttl: self.policy.terms.ttl.fixed(), stats: self.stats() }
    }

    fn stats(&self) -> Stats {
        self.stats()
    }

    fn clear(&self, mode: Mode) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send + '_>> {
        Box::pin(self.clear(mode))
    }

    fn faults(&self) -> &[Error] {
        &self.faults
    }

    fn tiers(&self) -> &[LiveTier] {
        self.remote.as_ref().map_or(&[], |remote| &remote.tiers)
    }

    #[cfg(feature = "testing")]
    fn hold(&self) -> Box<dyn Any + Send> {
        Box::new(pollster::block_on(self.flights.clear(Mode::Blocking)))
    }

    #[cfg(feature = "testing")]
    fn counts(&self) -> Stats {
        self.counts()
    }

    #[cfg(feature = "testing")]
    fn count_anew(&self, before: Stats) {
        self.count_anew(before);
    }

    #[cfg(feature = "testing")]
    fn count_on(&self) {
        self.count_on();
    }
}

/// The caches in use, of functions and others, as long as they live.
static OPENED: Mutex<Vec<Weak<dyn Described>>> = Mutex::new(Vec::new());

/// Makes a cache, which is in use from now on.
pub(crate) fn added<K: CacheKey, V: CacheValue>(inner: Inner<K, V>) -> Cache<K, V> {
    let cache = Cache::new(inner);
    let described: Arc<dyn Described> = cache.inner();
    let mut opened = OPENED.lock();
    opened.retain(|cache| cache.strong_count() > 0);
    opened.push(Arc::downgrade(&described));
    cache
}

fn opened() -> Vec<Arc<dyn Described>> {
    OPENED.lock().iter().filter_map(Weak::upgrade).collect()
}

/// A cache whose memory is empty and into which nothing that is under way is stored, until this is dropped.
#[cfg(feature = "testing")]
pub(crate) struct Held {
    _hold: Option<Box<dyn Any + Send>>,
    cache: Arc<dyn Described>,
    /// What was counted before its memory was emptied.
    counts: Stats,
}

#[cfg(feature = "testing")]
impl Held {
    /// Has its counts begin at zero.
    pub(crate) fn count_anew(&self) {
        self.cache.count_anew(self.counts.clone());
    }

    /// Has its counts go on where they were before that.
    pub(crate) fn count_on(&self) {
        self.cache.count_on();
    }
}

/// Empties the memories of all caches, and holds them.
#[cfg(feature = "testing")]
pub(crate) fn hold() -> Vec<Held> {
    // values are dropped by this, which is code of users: a panic in it must not end the program
    let hold = |cache: Arc<dyn Described>| {
        let counts = cache.counts();
        Held { _hold: contained(|| cache.hold()), cache, counts }
    };
    opened().into_iter().map(hold).collect()
}

/// Claims a name for the function at this place.
///
/// # Errors
/// The place of the function that has it.
pub(crate) fn claim(name: &str, file: &'static str, line: u32) -> Result<(), String> {
    static NAMES: Mutex<BTreeMap<String, (&'static str, u32)>> = Mutex::new(BTreeMap::new());
    let mut names = NAMES.lock();
    let (file, line) = match names.get(name) {
        Some(place) => *place,
        None => {
            names.insert(name.to_owned(), (file, line));
            return Ok(());
        }
    };
    Err(format!("{file}:{line}"))
}
