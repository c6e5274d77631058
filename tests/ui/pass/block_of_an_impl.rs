use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop {
    id: u64,
}

#[dcache(ttl = "1h", backend = memory(capacity = 100), name = "shop", skip(self))]
impl Shop {
    const BASE: u64 = 10;

    #[dcache]
    fn defaults(&self, n: u64) -> u64 {
        Self::BASE + n
    }

    #[dcache(ttl = "never", name = "own")]
    fn own_options(&self, n: u64) -> u64 {
        n
    }

    #[dcache(skip(db))]
    fn skips_more(&self, db: &str, n: u64) -> u64 {
        n + db.len() as u64
    }

    #[dcache(key = (self.id, n))]
    fn keyed(&self, n: u64) -> u64 {
        self.id + n
    }

    #[dcache]
    fn without_self(n: u64) -> u64 {
        n
    }

    #[dcache(companion = none)]
    fn without_handle(&self, n: u64) -> u64 {
        n
    }

    fn not_cached(&self) -> u64 {
        self.id
    }
}

pub(crate) fn main() {
    let (one, two) = (Shop { id: 1 }, Shop { id: 2 });
    assert_eq!((one.defaults(1), two.defaults_cache(1).peek()), (11, Some(11)));
    assert_eq!(one.defaults_cache(1).cache().name(), "shop.defaults");
    assert!(one.defaults_cache(1).entry().unwrap().remaining.is_some());
    assert_eq!((one.own_options(1), one.own_options_cache(1).entry().unwrap().remaining), (1, None));
    assert_eq!(one.own_options_cache(1).cache().name(), "own");
    assert_eq!((one.skips_more("a", 1), two.skips_more("abc", 1)), (2, 2));
    assert_eq!((one.keyed(1), two.keyed(1)), (2, 3));
    assert_eq!((Shop::without_self(1), Shop::without_self_cache(1).peek()), (1, Some(1)));
    assert_eq!((one.without_handle(1), two.not_cached()), (1, 2));
}
