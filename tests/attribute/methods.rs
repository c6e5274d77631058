//! Methods: whose entries are whose, and what their handles do.

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};

use dcache::{Cache, Memory, async_trait, dcache};
use dcache_tests::{Shelf, run};

/// A tier that all methods here share: what two of them call by one name, they would share as well.
fn shelf() -> Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(Shelf::new).clone()
}

/// Calls twice, and returns what both calls returned.
fn twice<T: PartialEq + Debug>(call: impl Fn() -> T) -> T {
    let first = call();
    assert_eq!(call(), first, "the second call ran the body");
    first
}

/// Counts bodies, so that a value tells which run made it.
fn body() -> u32 {
    static BODIES: AtomicU32 = AtomicU32::new(0);
    BODIES.fetch_add(1, SeqCst)
}

mod two_types {
    use super::*;

    pub(crate) struct Apples;
    pub(crate) struct Pears;

    impl Apples {
        #[dcache(skip(self))]
        pub(crate) fn price(&self, n: u32) -> (&'static str, u32) {
            let _ = n;
            ("apples", body())
        }

        #[dcache(skip(self), backend = tier(shelf()))]
        pub(crate) fn kept(&self, n: u32) -> (String, u32) {
            (format!("apples {n}"), body())
        }

        #[dcache]
        pub(crate) fn name(n: u32) -> (&'static str, u32) {
            let _ = n;
            ("apples", body())
        }
    }

    impl Pears {
        #[dcache(skip(self))]
        pub(crate) fn price(&self, n: u32) -> (&'static str, u32) {
            let _ = n;
            ("pears", body())
        }

        #[dcache(skip(self), backend = tier(shelf()))]
        pub(crate) fn kept(&self, n: u32) -> (String, u32) {
            (format!("pears {n}"), body())
        }

        #[dcache]
        pub(crate) fn name(n: u32) -> (&'static str, u32) {
            let _ = n;
            ("pears", body())
        }
    }
}

#[test]
fn methods_of_two_types_share_nothing() {
    use two_types::{Apples, Pears};
    assert_eq!((twice(|| Apples.price(1)).0, twice(|| Pears.price(1)).0), ("apples", "pears"));
    assert_eq!(
        (twice(|| Apples.kept(1)).0, twice(|| Pears.kept(1)).0),
        ("apples 1".into(), "pears 1".into())
    );
    assert_eq!((twice(|| Apples::name(1)).0, twice(|| Pears::name(1)).0), ("apples", "pears"));
}

mod one_trait {
    use super::*;

    pub(crate) trait Price {
        fn price(&self, n: u32) -> (String, u32);

        #[dcache(skip(self))]
        fn list_price(&self, n: u32) -> (String, u32)
        where
            Self: Debug,
        {
            (format!("{self:?} {n}"), body())
        }

        #[dcache(skip(self), backend = tier(shelf()))]
        fn kept(&self, n: u32) -> (String, u32)
        where
            Self: Debug,
        {
            (format!("{self:?} {n}"), body())
        }
    }

    /// Another trait with a method of this name.
    pub(crate) trait Cost {
        fn price(&self, n: u32) -> (String, u32);
    }

    #[derive(Debug)]
    pub(crate) struct Apples;
    #[derive(Debug)]
    pub(crate) struct Pears;

    impl Price for Apples {
        #[dcache(skip(self), backend = [memory, tier(shelf())])]
        fn price(&self, n: u32) -> (String, u32) {
            (format!("apples {n}"), body())
        }
    }

    impl Price for Pears {
        #[dcache(skip(self), backend = [memory, tier(shelf())])]
        fn price(&self, n: u32) -> (String, u32) {
            (format!("pears {n}"), body())
        }
    }

    impl Cost for Apples {
        #[dcache(skip(self), backend = [memory, tier(shelf())])]
        fn price(&self, n: u32) -> (String, u32) {
            (format!("cost of apples {n}"), body())
        }
    }
}

#[test]
fn impls_of_one_trait_share_nothing() {
    use one_trait::{Apples, Cost, Pears, Price};
    assert_eq!(twice(|| Price::price(&Apples, 1)).0, "apples 1");
    assert_eq!(twice(|| Price::price(&Pears, 1)).0, "pears 1");
    assert_eq!(twice(|| Cost::price(&Apples, 1)).0, "cost of apples 1");
}

#[test]
fn implementors_of_a_default_method_share_nothing() {
    use one_trait::{Apples, Pears, Price};
    assert_eq!(
        (twice(|| Apples.list_price(1)).0, twice(|| Pears.list_price(1)).0),
        ("Apples 1".into(), "Pears 1".into())
    );
    assert_eq!(
        (twice(|| Apples.kept(1)).0, twice(|| Pears.kept(1)).0),
        ("Apples 1".into(), "Pears 1".into())
    );
}

mod instances {
    use super::*;

    #[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
    pub(crate) struct Till(pub(crate) u32);

    #[dcache]
    impl Till {
        #[dcache]
        pub(crate) fn by_reference(&self, n: u32) -> (u32, u32) {
            (self.0 + n, body())
        }

        #[dcache]
        pub(crate) fn by_value(self, n: u32) -> (u32, u32) {
            (self.0 + n, body())
        }

        #[dcache]
        pub(crate) fn by_arc(self: Arc<Self>, n: u32) -> (u32, u32) {
            (self.0 + n, body())
        }

        #[dcache(backend = tier(shelf()))]
        pub(crate) fn kept(&self, n: u32) -> (u32, u32) {
            (self.0 + n, body())
        }

        #[dcache(key = (self.0 % 10, n))]
        pub(crate) async fn by_a_part(&self, n: u32) -> Result<(u32, u32), String> {
            if n == 0 {
                Err("no number")?
            }
            Ok((self.0 + n, body()))
        }

        #[dcache(key = "till:{self.0}:{n}", name = "till")]
        pub(crate) fn by_template(&self, n: u32) -> (u32, u32) {
            (self.0 + n, body())
        }
    }
}

#[test]
fn instances_with_different_self_share_nothing() {
    use instances::Till;
    for call in [
        |till: Till, n| till.by_reference(n),
        |till: Till, n| till.by_value(n),
        |till: Till, n| Arc::new(till).by_arc(n),
        |till: Till, n| till.kept(n),
        |till: Till, n| till.by_template(n),
        |till: Till, n| run(till.by_a_part(n)).unwrap(),
    ] {
        assert_eq!((twice(|| call(Till(1), 5)).0, twice(|| call(Till(2), 5)).0), (6, 7));
        assert_eq!(twice(|| call(Till(2), 4)).0, 6, "another argument");
    }
    assert_eq!(run(Till(11).by_a_part(5)), run(Till(1).by_a_part(5)), "the key says what counts");
}

#[test]
fn handles_are_the_entries_of_their_calls() {
    use instances::Till;
    let (one, two) = (Till(100), Till(200));
    one.by_reference(1);
    assert!(one.by_reference_cache(1).peek().is_some());
    assert!(two.by_reference_cache(1).peek().is_none() && one.by_reference_cache(2).peek().is_none());
    two.by_reference_cache(1).put((9, 9)).unwrap();
    assert_eq!(two.by_reference(1), (9, 9));

    one.clone().by_value(1);
    assert_eq!(one.by_value_cache(1).entry().unwrap().tier, "memory");
    let shared = Arc::new(one.clone());
    let value = shared.clone().by_arc(1);
    assert_eq!(shared.by_arc_cache(1).peek(), Some(value));
    shared.by_arc_cache(1).invalidate().unwrap();
    assert_ne!(shared.clone().by_arc(1), value);

    let value = run(one.by_a_part(1)).unwrap();
    let handle = one.by_a_part_cache(1);
    assert_eq!(run(handle.peek()), Some(value));
    run(handle.cache().clear()).unwrap();
    assert_eq!((run(handle.peek()), handle.cache().stats().computes), (None, 1));

    assert_eq!(one.by_template_cache(7).key().unwrap(), "dcache:till:till:100:7");
    assert_eq!(one.by_reference_cache(1).key(), None, "memory alone needs no id");
    let id = one.kept_cache(1).key().unwrap();
    assert!(id.starts_with("dcache:attribute.methods.instances.Till.kept:"), "{id}");
}

mod generic {
    use super::*;

    pub(crate) struct Show<T>(pub(crate) T);
    pub(crate) struct Borrowed<'a>(pub(crate) &'a str);

    impl<T: Display + Clone + Eq + Hash + Send + Sync + 'static> Show<T> {
        #[dcache(key = self.0)]
        pub(crate) fn shown(&self) -> (String, u32) {
            (format!("{}", self.0), body())
        }

        #[dcache]
        pub(crate) fn of_type<const N: usize>(n: u32) -> (String, u32) {
            (format!("{} {N} {n}", std::any::type_name::<T>()), body())
        }
    }

    impl<'a> Borrowed<'a> {
        #[dcache(key = self.0, companion = handle)]
        pub(crate) fn length(&self) -> (usize, u32) {
            (self.0.len(), body())
        }
    }
}

#[test]
fn types_of_a_generic_impl_share_nothing() {
    use generic::Show;
    assert_eq!(twice(|| Show(1u8).shown()).0, "1");
    assert_eq!(twice(|| Show(1u16).shown()).0, "1");
    assert_ne!(Show(1u8).shown().1, Show(1u16).shown().1);
    let names = [
        twice(|| Show::<u8>::of_type::<1>(0)).0,
        twice(|| Show::<u8>::of_type::<2>(0)).0,
        twice(|| Show::<u16>::of_type::<1>(0)).0,
    ];
    assert_eq!(names, ["u8 1 0", "u8 2 0", "u16 1 0"]);
}

#[test]
fn a_type_that_borrows_can_have_cached_methods() {
    let text = String::from("tea");
    assert_eq!(twice(|| generic::Borrowed(&text).length()).0, 3);
    assert_eq!(twice(|| generic::Borrowed("").length()).0, 0);
    assert_eq!(generic::Borrowed("tea").length_cache().peek().unwrap().0, 3);
}

#[async_trait]
trait Fetch {
    async fn fetch(&self, id: u32) -> Result<(String, u32), String>;
}

struct Above;
struct Below;

#[dcache(skip(self), name = "fetch")]
#[async_trait]
impl Fetch for Above {
    #[dcache]
    async fn fetch(&self, id: u32) -> Result<(String, u32), String> {
        tokio::task::yield_now().await;
        if id == 0 {
            return Err("no id".to_owned());
        }
        Ok((format!("above {id}"), body()))
    }
}

#[async_trait]
#[dcache(skip(self))]
impl Fetch for Below {
    #[dcache]
    async fn fetch(&self, id: u32) -> Result<(String, u32), String> {
        let text = id.to_string();
        Err(text.parse::<u32>().map_err(|error| error.to_string())?.to_string())
            .or(Ok((format!("below {id}"), body())))
    }
}

#[test]
fn async_trait_may_stand_above_or_below() {
    assert_eq!(twice(|| run(Above.fetch(1)).unwrap()).0, "above 1");
    assert_eq!(twice(|| run(Below.fetch(1)).unwrap()).0, "below 1");
    assert!(run(Above.fetch(0)).is_err() && run(Above.fetch_cache(0).peek()).is_none());
    assert_eq!(run(Above.fetch_cache(1).peek()).unwrap().0, "above 1");
    assert_eq!(run(Below.fetch_cache(1).peek()).unwrap().0, "below 1");
}

/// Each tenant has a cache of its own.
struct Tenant {
    quotes: Cache<(u32, String), (String, u32)>,
}

impl Tenant {
    fn new(name: &str) -> Self {
        Self { quotes: Cache::builder(name).memory(Memory::entries(10)).build().unwrap() }
    }

    #[dcache(cache = &self.quotes, skip(self), companion = handle)]
    fn quote(&self, n: u32, sku: &str) -> (String, u32) {
        (format!("{n} {sku}"), body())
    }
}

#[dcache(cache = cache, skip(cache))]
async fn injected(cache: &Cache<(u32,), u32>, n: u32) -> Result<u32, String> {
    if n == 0 { Err("nothing".to_owned()) } else { Ok(n + 10 * body()) }
}

#[test]
fn a_cache_may_be_the_users_own() {
    let (one, two) = (Tenant::new("one"), Tenant::new("two"));
    let value = twice(|| one.quote(1, "tea"));
    assert_ne!(two.quote(1, "tea"), value, "the other tenant's cache");
    assert_eq!((one.quotes.stats().computes, two.quotes.stats().computes), (1, 1));
    assert_eq!(one.quotes.blocking().get(&(1, "tea".to_owned())), Some(value));
    one.quote_cache(1, "tea").invalidate().unwrap();
    assert_eq!(one.quotes.stats().entries, 0);

    let cache = Cache::builder("injected").build().unwrap();
    assert!(run(injected(&cache, 0)).is_err());
    assert!(twice(|| run(injected(&cache, 1))).is_ok());
    assert_eq!(cache.stats().entries, 1);
}
