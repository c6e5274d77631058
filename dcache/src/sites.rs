//! A cached function that has a cache for each set of types it is called with.

use std::any::{Any, TypeId};
use std::sync::OnceLock;

use dcache_backends::Error;

use crate::bounds::{CacheKey, CacheValue};
use crate::mode::Mode;
use crate::registry::{Listing, Member};
use crate::site::{Build, Meta, Site};
use crate::stats::Stats;
use crate::sync::Mutex;
use crate::together::{all, joined};

/// A cached function whose key or value types are only known where it is called: a generic one, or one with
/// `key = …`. Each combination of types has a cache of its own.
pub struct Sites {
    meta: Meta,
    first: OnceLock<&'static Opened>,
    all: Mutex<Vec<&'static Opened>>,
}

/// A site of some types.
struct Opened {
    types: TypeId,
    site: Box<dyn Any + Send + Sync>,
    members: fn(&'static Opened) -> Vec<Member>,
}

impl Opened {
    fn site<K: CacheKey, V: CacheValue>(&'static self) -> Option<&'static Site<K, V>> {
        self.site.downcast_ref()
    }
}

impl Sites {
    /// Creates it; nothing is built before the first call.
    pub const fn new(meta: Meta) -> Self {
        Self { meta, first: OnceLock::new(), all: Mutex::new(Vec::new()) }
    }

    /// Returns the site of these types. `M` stands for the function's type arguments, `()` for none: two sets of
    /// them never share an entry, though keys and values be of the same types.
    #[inline]
    pub fn site<M: 'static, K: CacheKey, V: CacheValue>(
        &'static self,
        build: Build<K, V>,
    ) -> &'static Site<K, V> {
        let types = TypeId::of::<(M, K, V)>();
        if let Some(first) = self.first.get()
            && first.types == types
            && let Some(site) = first.site()
        {
            return site;
        }
        self.open::<M, K, V>(types, build)
    }

    fn open<M: 'static, K: CacheKey, V: CacheValue>(
        &'static self,
        types: TypeId,
        build: Build<K, V>,
    ) -> &'static Site<K, V> {
        let mut all = self.all.lock();
        if let Some(site) = all.iter().find(|opened| opened.types == types).and_then(|opened| opened.site()) {
            return site;
        }
        let is_generic = types != TypeId::of::<((), K, V)>();
        let type_arguments = if is_generic { std::any::type_name::<M> } else { || "" };
        let site = Site::typed(self.meta, type_arguments, build);
        let members =
            |opened: &'static Opened| opened.site::<K, V>().map(Listing::members).unwrap_or_default();
        let opened: &'static Opened = Box::leak(Box::new(Opened { types, site: Box::new(site), members }));
        all.push(opened);
        let _ = self.first.set(opened);
        opened.site().expect("it was made of these types")
    }
}

/// What concerns the caches of all types that the function was called with.
impl Sites {
    /// Removes all values.
    pub async fn clear(&'static self) -> Result<(), Error> {
        let members = self.members();
        all(members.iter().map(|member| member.cache.clear(Mode::Async))).await
    }

    /// Removes all values, on this thread.
    pub fn clear_blocking(&'static self) -> Result<(), Error> {
        let clear = |member: Member| pollster::block_on(member.cache.clear(Mode::Blocking)).err();
        joined(self.members().into_iter().filter_map(clear))
    }

    /// Returns the counts, added up.
    pub fn stats(&'static self) -> Stats {
        self.members().iter().map(|member| member.cache.stats()).fold(Stats::default(), Stats::plus)
    }
}

impl Listing for Sites {
    fn members(&'static self) -> Vec<Member> {
        let all = self.all.lock().clone();
        all.into_iter().flat_map(|opened| (opened.members)(opened)).collect()
    }
}
