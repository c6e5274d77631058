//! A cached function: the one cache behind an attribute, built at its first call.

use std::panic::Location;
use std::sync::OnceLock;

use dcache_backends::{Error, ErrorKind, Operation};

use crate::args::ToKey;
use crate::bounds::{CacheKey, CacheValue};
use crate::builder::{Builder, Plan};
use crate::cache::Cache;
use crate::handle::Handle;
use crate::log;
use crate::miss::Miss;
use crate::mode::Mode;
use crate::registry::{self, Listing, Member, Next};
use crate::stats::Stats;
use crate::waits::{Awaits, Pending, sealed::Waits as _};

/// Where a cached function stands.
#[derive(Clone, Copy)]
pub struct Meta {
    path: fn() -> &'static str,
    name: Option<&'static str>,
    suffix: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Meta {
    /// Takes the path of the function, as the compiler names a type in it or beside it.
    #[track_caller]
    pub const fn new(path: fn() -> &'static str) -> Self {
        let place = Location::caller();
        Self { path, name: None, suffix: "", file: place.file(), line: place.line() }
    }

    /// Takes the name that the attribute gives.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Takes the line of the function, where that is not the one of the attribute.
    #[must_use]
    pub const fn line(self, line: u32) -> Self {
        Self { line, ..self }
    }

    /// Takes what follows the path, where that is the path of the type that a method belongs to.
    #[must_use]
    pub const fn method(self, suffix: &'static str) -> Self {
        Self { suffix, ..self }
    }

    /// Returns the function's name in keys, statistics and logs: crate, modules and function, with dots.
    pub(crate) fn name(&self, types: &Types) -> String {
        let (path, suffix) = self.path();
        let mut name = self.name.map_or_else(|| format!("{}{suffix}", dotted(path)), str::to_owned);
        if let Some(owner) = types.owner
            && !mentions(path, owner)
        {
            name.push('<');
            name.push_str(owner);
            name.push('>');
        }
        name.push_str(types.arguments);
        name
    }

    /// Returns the path of the function, or of the type it belongs to and what follows.
    fn path(&self) -> (&'static str, String) {
        let path = (self.path)();
        let suffix = if self.suffix.is_empty() { String::new() } else { format!(".{}", self.suffix) };
        (path.split("::__dcache").next().unwrap_or(path), suffix)
    }
}

/// What a function's caches differ by beside their keys and values.
#[derive(Clone, Copy)]
pub(crate) struct Types {
    /// The type that a method belongs to.
    pub(crate) owner: Option<&'static str>,
    /// The type arguments of a generic function; empty for none.
    pub(crate) arguments: &'static str,
}

/// Writes a path with dots: `<shop::Till as shop::Price>::of` as `shop.Till.Price.of`.
fn dotted(path: &str) -> String {
    let path = path.replace("::{{closure}}", ""); // a function inside another one's async body
    let of_trait = path.strip_prefix('<').and_then(|path| {
        let (owner, rest) = path.split_once(" as ")?;
        let (of, function) = rest.rsplit_once(">::")?;
        Some(format!("{owner}::{}::{function}", last(of)))
    });
    of_trait.unwrap_or(path).replace("::", ".")
}

/// Returns the last part of a path, with its type arguments.
fn last(path: &str) -> &str {
    let end = path.find('<').unwrap_or(path.len());
    path[..end].rfind("::").map_or(path, |at| &path[at + 2..])
}

/// Tells whether a path says which type a method belongs to.
fn mentions(path: &str, owner: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    path.match_indices(owner).any(|(at, _)| {
        let (before, after) = (&path[..at], &path[at + owner.len()..]);
        !before.ends_with(|c| is_part(c) || c == ':') && !after.starts_with(|c| is_part(c) || c == '<')
    })
}

pub(crate) type Build<K, V> = fn(Builder<K, V>) -> Plan<K, V>;

/// A cached function whose key and value types can be named.
pub struct Site<K, V> {
    meta: Meta,
    types: fn() -> Types,
    build: Build<K, V>,
    members: fn(&Self) -> Vec<Member>,
    cache: OnceLock<Cache<K, V>>,
    next: Next,
}

impl<K, V> Site<K, V> {
    /// Creates it; nothing is built before the first call.
    pub const fn new(meta: Meta, build: Build<K, V>, members: fn(&Self) -> Vec<Member>) -> Self {
        Self::typed(meta, || Types { owner: None, arguments: "" }, build, members)
    }

    /// Creates it for a key and a value that can be cached for certain.
    pub const fn of(meta: Meta, build: Build<K, V>) -> Self
    where
        K: CacheKey,
        V: CacheValue,
    {
        Self::new(meta, build, Self::listed)
    }

    /// Creates it like [`of`](Self::of) for a function of which no more has to be told than its path.
    #[track_caller]
    pub const fn at(path: fn() -> &'static str, build: Build<K, V>) -> Self
    where
        K: CacheKey,
        V: CacheValue,
    {
        Self::of(Meta::new(path), build)
    }

    /// Creates it for some types, which are part of its name.
    pub(crate) const fn typed(
        meta: Meta,
        types: fn() -> Types,
        build: Build<K, V>,
        members: fn(&Self) -> Vec<Member>,
    ) -> Self {
        Self { meta, types, build, members, cache: OnceLock::new(), next: Next::new() }
    }

    /// Removes all values.
    pub fn clear(&self) -> Pending<Result<(), Error>> {
        Awaits::wait(Box::pin(registry::clear((self.members)(self), Mode::Async)))
    }

    /// Removes all values, on this thread.
    pub fn clear_blocking(&self) -> Result<(), Error> {
        pollster::block_on(registry::clear((self.members)(self), Mode::Blocking))
    }

    /// Returns the counts.
    pub fn stats(&self) -> Stats {
        registry::stats(&(self.members)(self))
    }

    /// Looks into memory, by the arguments as they are.
    ///
    /// # Errors
    /// A miss, which runs the body.
    #[inline(always)]
    pub fn look<Q>(&'static self, arguments: &Q) -> Result<V, Miss<K, V>>
    where
        K: CacheKey,
        V: CacheValue,
        Q: ToKey<Key = K>,
    {
        self.cache().look(arguments)
    }
}

impl<K: CacheKey, V: CacheValue> Site<K, V> {
    #[inline]
    fn cache(&self) -> &Cache<K, V> {
        match self.cache.get() {
            Some(cache) => cache,
            None => self.open(),
        }
    }

    #[cold]
    fn open(&self) -> &Cache<K, V> {
        self.cache.get_or_init(|| {
            let name = self.meta.name(&(self.types)());
            let mut inner = (self.build)(Builder::new(name.clone()).one_of(Listing::name(self))).assemble();
            if let Err(other) = registry::claim(&name, self.meta.file, self.meta.line)
                && inner.remote.take().is_some()
            {
                // sharing entries with another function would be worse than not sharing any
                let context = format!("{other} is called `{name}` too; give one of them another `name`");
                let fault = Error::new(ErrorKind::Config, Operation::Configure).with_context(context);
                log::error(format_args!(
                    "{}:{} works in memory alone: {fault}",
                    self.meta.file, self.meta.line
                ));
                inner.faults.push(fault);
            }
            registry::added(inner)
        })
    }

    /// Lists the one cache.
    pub(crate) fn listed(&self) -> Vec<Member> {
        let cache = self.cache();
        vec![Member { file: self.meta.file, line: self.meta.line, cache: cache.inner() }]
    }

    /// Has the body run whatever the tiers hold.
    pub fn refresh<Q: ToKey<Key = K>>(&'static self, arguments: &Q) -> Miss<K, V> {
        self.cache().refresh(arguments)
    }

    /// Returns the entry of these arguments.
    pub fn handle<M, Q: ToKey<Key = K>>(&'static self, arguments: &Q) -> Handle<V, M> {
        Handle::new(&self.cache().inner(), arguments.to_key())
    }
}

impl<K: Send + Sync + 'static, V: Send + Sync + 'static> Site<K, V> {
    /// Puts it into the list of functions.
    pub fn enlist(&'static self) {
        registry::enlist(self);
    }
}

impl<K, V> Listing for Site<K, V>
where
    Self: Send + Sync,
{
    fn members(&'static self) -> Vec<Member> {
        (self.members)(self)
    }

    fn name(&self) -> String {
        self.meta.name(&Types { owner: None, arguments: "" })
    }

    fn next(&self) -> &Next {
        &self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_with_dots() {
        assert_eq!(dotted("shop::quotes::quote"), "shop.quotes.quote");
        assert_eq!(dotted("shop::Till::open"), "shop.Till.open");
        assert_eq!(dotted("<shop::Till as shop::price::Price>::of"), "shop.Till.Price.of");
        assert_eq!(dotted("<shop::Till<_> as shop::Price<a::B>>::of"), "shop.Till<_>.Price<a.B>.of");
        assert_eq!(dotted("shop::main::{{closure}}::f"), "shop.main.f");
    }

    #[test]
    fn paths_that_name_the_type_of_a_method_are_known() {
        assert!(mentions("shop::Till::open", "shop::Till"));
        assert!(mentions("<shop::Till as shop::Price>::of", "shop::Till"));
        assert!(mentions("shop::b::<impl shop::Price for u8>::of", "u8"));
        assert!(!mentions("shop::Price::of", "shop::Till"));
        assert!(!mentions("shop::Till<_>::open", "shop::Till<u8>"));
        assert!(!mentions("shop::Tiller::open", "shop::Till"));
        assert!(!mentions("shop::Till<_>::open", "shop::Till"));
    }
}
