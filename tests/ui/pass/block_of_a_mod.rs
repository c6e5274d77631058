use dcache::dcache;

#[dcache(ttl = "1h", name = "prices", skip(db))]
mod prices {
    use dcache::dcache;

    #[dcache]
    pub fn free(db: &str, n: u64) -> u64 {
        n + db.len() as u64
    }

    #[dcache(companion = none)]
    pub(super) async fn alone(n: u64) -> Result<u64, String> {
        Ok(n)
    }

    #[derive(Clone, PartialEq, Eq, Hash)]
    pub struct Shop(pub u64);

    impl Shop {
        #[dcache]
        pub fn method(&self, n: u64) -> u64 {
            self.0 + n
        }
    }

    #[dcache(name = "named", skip(self))]
    impl Shop {
        #[dcache]
        pub fn in_a_block(&self, n: u64) -> u64 {
            self.0 + n
        }
    }

    pub trait Price {
        #[dcache(skip(self))]
        fn by_default(&self, n: u64) -> u64 {
            n + 5
        }
    }

    impl Price for Shop {}

    pub mod inner {
        #[dcache::dcache]
        pub fn deep(n: u64) -> u64 {
            n
        }
    }

    pub fn not_cached(n: u64) -> u64 {
        n
    }
}

use prices::{Price, Shop};

pub(crate) fn main() {
    assert_eq!((prices::free("a", 1), prices::free("abc", 1), prices::free::peek(1)), (2, 2, Some(2)));
    assert!(prices::free::entry(1).unwrap().remaining.is_some());
    assert_eq!(pollster::block_on(prices::alone(1)), Ok(1));
    assert_eq!((Shop(1).method(1), Shop(2).method(1), Shop(1).method_cache(1).peek()), (2, 3, Some(2)));
    assert_eq!((Shop(1).in_a_block(1), Shop(2).in_a_block(1)), (2, 2));
    assert_eq!(Shop(1).in_a_block_cache(1).cache().name(), "named.in_a_block");
    assert_eq!(Shop(1).by_default(1), 6);
    assert_eq!((prices::inner::deep(1), prices::inner::deep::peek(1)), (1, Some(1)));
    assert_eq!(prices::not_cached(1), 1);
    let names: Vec<String> = dcache::functions().into_iter().map(|function| function.name).collect();
    assert!(names.iter().any(|name| name == "prices.free"), "{names:?}");
}
