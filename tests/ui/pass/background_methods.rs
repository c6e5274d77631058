//! Methods of every kind whose bodies run in the background, with the `self` that they use.

#![deny(unused_mut)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use dcache::{async_trait, dcache};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop<T> {
    id: T,
}

mod sub {
    pub fn one() -> u64 {
        1
    }
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
impl Shop<u64> {
    #[dcache]
    fn price(&self, sku: &str) -> u64 {
        fn of(shop: &Shop<u64>) -> u64 {
            struct Local(u64);
            impl Local {
                fn get(&self) -> u64 {
                    self.0
                }
            }
            Local(shop.id).get()
        }
        use self::sub::one;
        if sku.is_empty() {
            return of(self);
        }
        let all = || self.id + sku.len() as u64;
        all() + one() + Self::extra() + [self].len() as u64
    }

    #[dcache]
    fn described(&self, sku: &str) -> String {
        use std::fmt::{self, Display, Write};

        struct Row<const N: usize>(u64);
        impl Row<{ 1 + 1 }> {
            fn next(&self) -> Row<{ 1 + 2 }> {
                Row(self.0 + 1)
            }
        }
        impl Display for Row<3> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fn of(row: &Row<3>) -> u64 {
                    row.0
                }
                write!(f, "{} {self:p}", of(self))
            }
        }
        macro_rules! getter {
            ($name:ident) => {
                impl Row<3> {
                    fn $name(&self) -> u64 {
                        self.0
                    }
                }
            };
        }
        macro_rules! id {
            ($self:ident) => {
                $self.id + self.id
            };
        }
        getter!(get);
        let row = Row::<2>(self.id).next();
        let mut text = format!("{{self}} {} {}", row.get(), id!(self));
        assert!(row.to_string().starts_with("6 "));
        let _: fmt::Result = write!(text, " {sku}");
        text
    }

    #[dcache]
    fn lifetimes<'a>(&'a self, text: &'a str, other: Option<&'a str>) -> usize {
        fn longer<'a>(a: &'a str, b: &'a str) -> &'a str {
            if a.len() > b.len() { a } else { b }
        }
        let mine: &'a Self = self;
        let words: Vec<&'a str> = text.split(' ').collect();
        'a: loop {
            break 'a longer(words[0], other.unwrap_or_default()).len() + mine.id as usize;
        }
    }

    #[dcache(companion = none)]
    fn by_value(self, n: u64) -> u64 {
        self.id + n
    }

    #[dcache(companion = none)]
    fn by_mutable_binding(mut self, n: u64) -> u64 {
        self.id += n;
        self.id
    }

    #[dcache]
    fn shared(self: Arc<Self>, n: u64) -> u64 {
        self.id + n
    }

    #[dcache(companion = none)]
    async fn later_by_mutable_binding(mut self, n: u64) -> u64 {
        std::future::ready(()).await;
        self.id += n;
        self.id
    }

    #[dcache(companion = none)]
    fn pinned(mut self, mut n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
        Box::pin(async move {
            n += 1;
            self.id += n;
            self.id
        })
    }

    #[dcache(key = (self.id, n))]
    fn of_impl(&self, n: u64, text: &(impl ToString + Clone + Send + 'static)) -> String {
        text.to_string() + &n.to_string()
    }

    #[dcache]
    async fn later(&self, mut n: u64) -> Result<u64, String> {
        n += self.id;
        std::future::ready(()).await;
        if n == 0 {
            return Err(format!("{}", self.id));
        }
        Ok(n)
    }

    #[dcache]
    fn associated(n: u64) -> u64 {
        n + Self::extra()
    }

    fn extra() -> u64 {
        10
    }
}

impl<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static> Shop<T> {
    #[dcache(detach)]
    async fn of_any(&self, n: u64) -> (T, u64) {
        (self.id.clone(), n)
    }
}

trait Priced {
    fn priced(&self, sku: &str) -> u64;

    #[dcache(ttl = "1h", refresh_ahead = 0.1)]
    fn by_default(&self, n: u64) -> u64
    where
        Self: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
    {
        self.priced("four") + n
    }
}

impl Priced for Shop<u64> {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    fn priced(&self, sku: &str) -> u64 {
        self.id + sku.len() as u64
    }
}

#[async_trait]
trait Fetched {
    async fn above(&self, sku: &str) -> u64;
    async fn below(&self, sku: &str) -> Result<u64, String>;
}

#[async_trait]
impl Fetched for Shop<u64> {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    async fn above(&self, sku: &str) -> u64 {
        std::future::ready(()).await;
        self.id + sku.len() as u64
    }

    #[dcache(ttl = "1h", stale_if_error = "1d", soft_timeout = "1s")]
    async fn below(&self, sku: &str) -> Result<u64, String> {
        Ok(self.id + sku.len() as u64)
    }
}

pub(crate) fn main() {
    let shop = Shop { id: 5 };
    assert_eq!((shop.price(""), shop.price("abc"), shop.price_cache("abc").peek()), (5, 20, Some(20)));
    assert_eq!((shop.described("a").as_str(), shop.lifetimes("a b", Some("abc"))), ("{self} 6 10 a", 8));
    assert_eq!((shop.clone().by_value(1), Arc::new(shop.clone()).shared(2), Shop::associated(3)), (6, 7, 13));
    assert_eq!(shop.clone().by_mutable_binding(1), 6);
    assert_eq!((shop.priced("four"), shop.by_default(1)), (9, 10));
    assert_eq!(shop.of_impl(1, &'a'), "a1");
    pollster::block_on(async {
        assert_eq!((shop.clone().later_by_mutable_binding(1).await, shop.clone().pinned(1).await), (6, 7));
        assert_eq!((shop.later(1).await, Shop { id: 0 }.later(0).await), (Ok(6), Err("0".into())));
        assert_eq!(Shop { id: "any" }.of_any(1).await, ("any", 1));
        assert_eq!((shop.above("a").await, shop.below("ab").await), (6, Ok(7)));
    });
}
