//! Cached methods as most people write them; several crates share this file.

use std::future::ready;
use std::hash::Hash;
use std::sync::Arc;

use dcache::dcache;

/// Has methods.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shop {
    /// Is in keys.
    pub city: String,
}

impl Shop {
    /// Is made by an associated function.
    #[dcache]
    #[must_use]
    pub fn new(city: &str) -> Self {
        Self { city: city.to_owned() }
    }

    /// Has the whole of `self` in the key.
    #[dcache]
    #[must_use]
    pub fn letters(&self) -> usize {
        self.city.len()
    }

    /// Has nothing of `self` in the key, and a way to its entry.
    ///
    /// # Errors
    ///
    /// There is no such item.
    #[dcache(skip(self), ttl = "1h", companion = handle, cache_if = |price: &u64| *price > 0)]
    pub fn price(&self, item: &str, (count, mut rest): (u64, u64)) -> Result<u64, String> {
        if item.is_empty() {
            return Err(self.city.clone());
        }
        rest += count;
        Ok(item.parse::<u64>().map_err(|error| error.to_string())? * rest)
    }

    /// Has a part of `self` in the key.
    #[dcache(key = "{self.city}:{item}", companion = handle)]
    pub async fn name(&self, item: &str) -> String {
        ready(()).await;
        if item.is_empty() {
            return self.city.clone();
        }
        format!("{item} of {}", self.city)
    }

    /// Has the whole of `self` in the key, and hands out old names while it makes new ones.
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    #[must_use]
    pub fn shouted(&self, mark: Option<&str>) -> String {
        let own = |shop: &Self| shop.city.to_uppercase();
        if mark.is_none() {
            return self.city.clone();
        }
        format!("{}{}", own(self), mark.unwrap_or_default())
    }

    /// Goes on when nobody waits.
    #[dcache(detach, companion = handle)]
    pub async fn shouted_later(&self, mark: char) -> String {
        ready(()).await;
        format!("{}{mark}", self.city.to_uppercase())
    }

    /// Counts a list of any type.
    ///
    /// # Errors
    ///
    /// The list is empty.
    #[dcache(skip(self, seen))]
    pub async fn count<T>(&self, list: &[T], seen: &mut Vec<T>) -> Result<usize, String>
    where
        T: Clone + Eq + Hash + Send + Sync + 'static,
    {
        ready(()).await;
        seen.extend_from_slice(list);
        list.len().checked_sub(1).ok_or_else(|| self.city.clone())
    }

    /// Is shared.
    #[dcache]
    pub async fn shared(self: Arc<Self>, n: usize) -> usize {
        ready(self.city.len()).await + n
    }

    /// Returns nothing.
    #[dcache]
    pub fn nothing(&self, n: u64) {
        for _ in 0..n {
            if self.city.is_empty() {
                return;
            }
        }
    }
}

/// Has defaults for its methods.
#[derive(Clone, Copy, Debug)]
pub struct Bank;

#[dcache(ttl = "1h")]
impl Bank {
    /// Waits.
    ///
    /// # Errors
    ///
    /// It is no number.
    #[dcache(skip(self))]
    pub async fn rate(&self, currency: &str) -> Result<u64, String> {
        ready(()).await;
        currency.parse().map_err(|_| format!("no rate for {currency}"))
    }

    /// Does not wait.
    #[dcache]
    #[must_use]
    pub fn fee(cents: u64) -> u64 {
        cents.wrapping_mul(3)
    }
}

/// Has a default method.
pub trait Tariff: Sized + 'static {
    /// What a minute costs.
    const CENTS: u64;

    /// Is cached for each implementor.
    #[dcache(skip(self))]
    fn cost(&self, minutes: u64) -> u64 {
        minutes * Self::CENTS
    }

    /// Is cached by an implementor.
    fn name(&self, n: u64) -> String;
}

impl Tariff for Bank {
    const CENTS: u64 = 7;

    #[dcache(skip(self))]
    fn name(&self, n: u64) -> String {
        n.to_string()
    }
}

/// Has methods for each type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct List<T>(pub Vec<T>);

impl<T: Clone + Eq + Hash + Send + Sync + 'static> List<T> {
    /// Finds the first.
    #[dcache(skip(self), companion = handle)]
    pub fn first(&self, n: usize) -> Option<T> {
        self.0.get(n).cloned()
    }
}

/// Stores values by their handles, and finds them by calls.
///
/// # Errors
///
/// A handle fails.
///
/// # Panics
///
/// A call finds something else.
pub async fn calls_find_what_handles_store() -> Result<(), dcache::Error> {
    let (shop, list) = (Shop::new("Rome"), List(vec![1, 2]));
    shop.price_cache("3", (1, 2)).put(99)?;
    assert_eq!(shop.price("3", (1, 2)), Ok(99));
    shop.price_cache("3", (1, 2)).invalidate()?;
    assert_eq!((shop.price("3", (1, 2)), shop.price_cache("3", (1, 2)).peek()), (Ok(9), Some(9)));
    shop.name_cache("pen").put("pencil".to_owned()).await?;
    assert_eq!(shop.name("pen").await, "pencil");
    Bank.rate_cache("7").put(99).await?;
    assert_eq!(Bank.rate("7").await, Ok(99));
    Bank::fee_cache(1).put(99)?;
    assert_eq!((Bank::fee(1), Bank::fee(2)), (99, 6));
    list.first_cache(0).put(Some(99))?;
    assert_eq!(list.first(0), Some(99));
    list.first_cache(0).cache().clear()?;
    assert_eq!(list.first(0), Some(1));
    let mut seen = Vec::new();
    assert_eq!((shop.count(&[1], &mut seen).await, shop.count(&[1], &mut seen).await), (Ok(0), Ok(0)));
    assert_eq!((seen.len(), shop.letters()), (1, 4));
    shop.nothing(1);
    assert_eq!(Arc::new(shop).shared(1).await, 5);
    assert_eq!((Bank.cost(2), Tariff::name(&Bank, 3)), (14, "3".to_owned()));
    assert_eq!((defaults::shorter(1), defaults::usual(1).await), (2, 1));
    Ok(())
}

/// Has defaults for its functions.
#[dcache(ttl = "1h")]
pub mod defaults {
    use dcache::dcache;

    /// Has a shorter life.
    #[dcache(ttl = "1m")]
    #[must_use]
    pub fn shorter(n: u64) -> u64 {
        n.rotate_left(1)
    }

    /// Has the life of the others.
    #[dcache]
    pub async fn usual(n: u64) -> u64 {
        std::future::ready(n).await
    }
}
