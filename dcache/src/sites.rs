//! A cached function that has a cache for each set of types it is called with.

use std::any::{Any, TypeId};
use std::iter::successors;
use std::marker::PhantomData;
use std::sync::OnceLock;

use dcache_backends::Error;

use crate::bounds::{CacheKey, CacheValue};
use crate::mode::Mode;
use crate::registry::{self, Listing, Member, Next};
use crate::site::{Build, Meta, Site, Types};
use crate::stats::Stats;
use crate::waits::{Awaits, Pending, sealed::Waits as _};

/// A cached function whose key or value types are only known where it is called: a method, a generic function,
/// or one with `key = …`. Each combination of types has a cache of its own.
///
/// The caches are a list that only grows, so that finding one takes no lock.
pub struct Sites {
    meta: Meta,
    first: Link,
    next: Next,
}

type Link = OnceLock<&'static Opened>;

/// A site of some types.
struct Opened {
    types: TypeId,
    site: Box<dyn Any + Send + Sync>,
    members: fn(&'static Opened) -> Vec<Member>,
    next: Link,
}

impl Opened {
    fn new<K: CacheKey, V: CacheValue>(types: TypeId, site: Site<K, V>) -> &'static Self {
        let members = |opened: &'static Self| opened.site::<K, V>().map(Listing::members).unwrap_or_default();
        Box::leak(Box::new(Self { types, site: Box::new(site), members, next: Link::new() }))
    }

    fn site<K: CacheKey, V: CacheValue>(&'static self) -> Option<&'static Site<K, V>> {
        self.site.downcast_ref()
    }
}

impl Sites {
    /// Creates it; nothing is built before the first call.
    pub const fn new(meta: Meta) -> Self {
        Self { meta, first: Link::new(), next: Next::new() }
    }

    /// Returns the site of these types.
    ///
    /// `S` is the type that a method belongs to, `()` for none, and `M` stands for the function's type arguments,
    /// `()` for none: two sets of them never share an entry, though keys and values be of the same types. They
    /// may borrow; lifetimes make no difference.
    #[inline]
    pub fn site<S: ?Sized, M, K: CacheKey, V: CacheValue>(
        &'static self,
        _key: PhantomData<K>,
        build: Build<K, V>,
    ) -> &'static Site<K, V> {
        let types = typeid::of::<(PhantomData<S>, M, K, V)>();
        let mut link = &self.first;
        while let Some(opened) = link.get() {
            if opened.types == types
                && let Some(site) = opened.site()
            {
                return site;
            }
            link = &opened.next;
        }
        self.open::<S, M, K, V>(types, build)
    }

    #[cold]
    fn open<S: ?Sized, M, K: CacheKey, V: CacheValue>(
        &'static self,
        types: TypeId,
        build: Build<K, V>,
    ) -> &'static Site<K, V> {
        let names = || Types {
            owner: (typeid::of::<S>() != TypeId::of::<()>()).then(std::any::type_name::<S>),
            arguments: if typeid::of::<M>() == TypeId::of::<()>() { "" } else { std::any::type_name::<M>() },
        };
        let new = Opened::new(types, Site::typed(self.meta, names, build, Site::listed));
        let mut link = &self.first;
        loop {
            let opened = *link.get_or_init(|| new);
            if opened.types == types
                && let Some(site) = opened.site()
            {
                return site; // ours, or that of another thread that came first
            }
            link = &opened.next;
        }
    }

    fn opened(&self) -> impl Iterator<Item = &'static Opened> {
        successors(self.first.get(), |opened| opened.next.get()).copied()
    }
}

/// What concerns the caches of all types that the function was called with.
impl Sites {
    /// Puts it into the list of functions.
    pub fn enlist(&'static self) {
        registry::enlist(self);
    }

    /// Removes all values.
    pub fn clear(&'static self) -> Pending<Result<(), Error>> {
        Awaits::wait(Box::pin(async { registry::clear(self.members(), Mode::Async).await }))
    }

    /// Removes all values, on this thread.
    pub fn clear_blocking(&'static self) -> Result<(), Error> {
        pollster::block_on(registry::clear(self.members(), Mode::Blocking))
    }

    /// Returns the counts, added up.
    pub fn stats(&'static self) -> Stats {
        registry::stats(&self.members())
    }
}

impl Listing for Sites {
    fn members(&'static self) -> Vec<Member> {
        self.opened().flat_map(|opened| (opened.members)(opened)).collect()
    }

    fn name(&self) -> String {
        self.meta.name(&Types { owner: None, arguments: "" })
    }

    fn next(&self) -> &Next {
        &self.next
    }
}
