// Cached functions where no name means what it usually means; several crates share this file.

/// Someone.
#[derive(
    ::core::clone::Clone, ::core::cmp::Eq, ::core::cmp::PartialEq, ::core::fmt::Debug, ::core::hash::Hash,
)]
pub struct User {
    /// Who it is.
    pub id: u64,
}

/// Why there is no answer.
#[derive(::core::fmt::Debug)]
pub struct Missing;

/// Adds one.
#[::dcache::dcache]
pub fn next(n: u64) -> u64 {
    n + 1
}

/// Returns nothing.
#[::dcache::dcache]
pub fn nothing(_: u64) {}

/// Greets; only the name is in the key.
#[::dcache::dcache(ttl = "1h", skip(mark))]
pub fn greet(name: &str, mark: char) -> ::std::string::String {
    ::std::format!("Hello {name}{mark}")
}

/// Borrows what may be absent.
#[::dcache::dcache(ttl = ::core::time::Duration::from_secs(60))]
pub fn length(name: ::core::option::Option<&str>, bytes: &[u8]) -> usize {
    name.map_or(0, str::len) + bytes.len()
}

/// Halves what can be halved.
#[::dcache::dcache(key = "half:{n}", cache_if = |half: &u64| *half > 1)]
pub fn half(n: u64) -> ::core::result::Result<u64, Missing> {
    if n % 2 == 0 { ::core::result::Result::Ok(n / 2) } else { ::core::result::Result::Err(Missing) }
}

/// Finds the largest.
#[::dcache::dcache(cache_if = ::core::option::Option::is_some)]
pub fn largest<T>(items: &[T]) -> ::core::option::Option<T>
where
    T: ::core::clone::Clone
        + ::core::cmp::Ord
        + ::core::hash::Hash
        + ::core::marker::Send
        + ::core::marker::Sync
        + 'static,
{
    ::core::iter::Iterator::max(items.iter()).map(::core::clone::Clone::clone)
}

/// Repeats a byte.
#[::dcache::dcache(key = (&byte, N))]
pub fn repeat<const N: usize, const UP: bool>(byte: u8) -> [u8; N] {
    [if UP { byte.to_ascii_uppercase() } else { byte }; N]
}

/// Measures, and hands out old lengths while it measures again.
#[::dcache::dcache(ttl = "1h", stale_while_revalidate = "10m", refresh_ahead = 0.1, jitter = 0.1)]
pub fn measured(text: &str, maybe: ::core::option::Option<&[u8]>, cow: ::std::borrow::Cow<'_, str>) -> usize {
    text.len() + maybe.map_or(0, <[u8]>::len) + cow.len()
}

/// Halves what can be halved, and goes on when nobody waits.
#[::dcache::dcache(ttl = "1h", stale_if_error = "1d", soft_timeout = "1s", err_ttl = "5s", detach)]
pub async fn half_away(n: u64) -> ::core::result::Result<u64, ::std::string::String> {
    if n % 2 == 0 {
        ::core::result::Result::Ok(n / 2)
    } else {
        ::core::result::Result::Err(::std::borrow::ToOwned::to_owned("odd"))
    }
}

/// Is found by an expression, and by no companion.
#[::dcache::dcache(key = ::std::format!("{name}"), companion = none)]
pub fn alone(name: &str) -> ::std::vec::Vec<u8> {
    ::std::borrow::ToOwned::to_owned(name.as_bytes())
}

/// Is found on disk as well.
#[::dcache::dcache(
    backend = [memory(capacity = 10, ttl = "1m"), fs("/nowhere", timeout = "1s")],
    ttl = |bytes: &::std::vec::Vec<u8>| ::core::time::Duration::from_secs(bytes.len() as u64),
    bypass_if = text.is_empty(),
)]
pub fn bytes(text: &str) -> ::core::result::Result<::std::vec::Vec<u8>, ::std::string::String> {
    ::core::result::Result::Ok(::std::borrow::ToOwned::to_owned(text.as_bytes()))
}

/// Adds one, later.
#[::dcache::dcache(ttl = "1h")]
pub async fn later(n: u64) -> u64 {
    ::core::future::ready(n + 1).await
}

/// Names a user.
#[::dcache::dcache(key = "user:{user.id}", ttl = "90s", cache_if = |id: &::std::sync::Arc<str>| !id.is_empty())]
pub async fn name_of(user: &User, greeting: &str) -> ::core::result::Result<::std::sync::Arc<str>, Missing> {
    ::core::future::ready(()).await;
    ::core::result::Result::Ok(::core::convert::Into::into(::std::format!("{greeting} {}", user.id)))
}

/// Counts, later.
#[::dcache::dcache(skip(more))]
pub async fn count<T>(item: T, more: &[T]) -> ::core::option::Option<usize>
where
    T: ::core::clone::Clone
        + ::core::cmp::Eq
        + ::core::hash::Hash
        + ::core::marker::Send
        + ::core::marker::Sync
        + 'static,
{
    ::core::future::ready(()).await;
    ::core::iter::Iterator::position(&mut more.iter(), |other| *other == item)
}

/// Is found on disk as well, later.
#[::dcache::dcache(backend = [memory, fs], ttl = "1h")]
pub async fn bytes_later(text: &str) -> ::core::result::Result<::std::vec::Vec<u8>, ::std::string::String> {
    ::core::future::ready(()).await;
    ::core::result::Result::Ok(::std::borrow::ToOwned::to_owned(text.as_bytes()))
}

/// Uses every control.
///
/// # Errors
///
/// A control fails.
pub fn controls() -> ::core::result::Result<(), ::dcache::Error> {
    next::put(10, next(1) + next::uncached(1) + next::refresh(1))?;
    next::invalidate(10)?;
    let _: ::core::option::Option<u64> = next::peek(10);
    let _: ::core::option::Option<::dcache::Entry<u64>> = next::entry(10);
    next::clear()?;
    let _: ::dcache::Stats = next::stats();
    nothing::put(1, nothing(1))?;
    greet::put("Bob", greet("Bob", '!'))?;
    length::put(::core::option::Option::None, b"abc", 3)?;
    half::put(9, 4)?;
    let _: ::std::string::String = half::key(8);
    largest::put(&["a"], ::core::option::Option::Some("b"))?;
    largest::clear::<&str>()?;
    repeat::put::<3, true>(1, repeat::<3, true>(1))?;
    let _: ::std::vec::Vec<u8> = alone("a");
    bytes::invalidate("ab")?;
    let _: ::std::string::String = bytes::key("ab");
    ::core::result::Result::Ok(())
}

/// Uses every control, later.
///
/// # Errors
///
/// A control fails.
pub async fn controls_later(user: &User) -> ::core::result::Result<(), ::dcache::Error> {
    later::put(10, later(1).await + later::uncached(1).await + later::refresh(1).await).await?;
    later::invalidate(10).await?;
    let _: ::core::option::Option<u64> = later::peek(10).await;
    let _: ::core::option::Option<::dcache::Entry<u64>> = later::entry(10).await;
    later::clear().await?;
    let _: ::dcache::Stats = later::stats();
    if let ::core::result::Result::Ok(name) = name_of(user, "Dear").await {
        name_of::put(user, name).await?;
    }
    let _: ::std::string::String = name_of::key(user);
    count::invalidate(2).await?;
    bytes_later::clear().await
}

/// Has methods.
#[derive(
    ::core::clone::Clone, ::core::cmp::Eq, ::core::cmp::PartialEq, ::core::fmt::Debug, ::core::hash::Hash,
)]
pub struct Shop {
    /// Is in keys.
    pub city: u64,
}

impl Shop {
    /// Is made by an associated function.
    #[::dcache::dcache]
    pub fn new(city: u64) -> Self {
        Self { city }
    }

    /// Has the whole of `self` in the key.
    #[::dcache::dcache(ttl = "1h")]
    pub fn whole(&self, n: u64) -> u64 {
        self.city + n
    }

    /// Has nothing of `self` in the key, and a way to its entry.
    #[::dcache::dcache(skip(self), companion = handle, cache_if = |price: &u64| *price > 0)]
    pub fn price(&self, (n, mut rest): (u64, u64)) -> ::core::result::Result<u64, Missing> {
        if n == 0 {
            return ::core::result::Result::Err(Missing);
        }
        rest += n;
        ::core::result::Result::Ok(self.city + rest)
    }

    /// Has a part of `self` in the key.
    #[::dcache::dcache(key = "{self.city}:{item}", companion = handle)]
    pub async fn name(&self, item: &str) -> ::std::string::String {
        ::core::future::ready(()).await;
        ::std::format!("{item} {}", self.city)
    }

    /// Counts a list of any type.
    #[::dcache::dcache(skip(self), backend = [memory, fs])]
    pub async fn count<const N: usize>(
        &self,
        list: &[u64],
    ) -> ::core::result::Result<usize, ::std::string::String> {
        ::core::future::ready(()).await;
        ::core::result::Result::Ok(list.len() + N)
    }

    /// Is shared.
    #[::dcache::dcache]
    pub async fn shared(self: ::std::sync::Arc<Self>, n: u64) -> u64 {
        ::core::future::ready(self.city).await + n
    }
}

/// Has defaults for its methods.
#[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
pub struct Bank;

#[::dcache::dcache(ttl = "1h")]
impl Bank {
    /// Waits.
    #[::dcache::dcache(skip(self))]
    pub async fn rate(&self, currency: &str) -> ::core::result::Result<usize, Missing> {
        ::core::future::ready(()).await;
        ::core::result::Result::Ok(currency.len())
    }

    /// Does not wait.
    #[::dcache::dcache]
    pub fn fee(cents: u64) -> u64 {
        cents * 3
    }
}

/// Has a default method.
pub trait Tariff: ::core::marker::Sized + 'static {
    /// What a minute costs.
    const CENTS: u64;

    /// Is cached for each implementor.
    #[::dcache::dcache(skip(self))]
    fn cost(&self, minutes: u64) -> u64 {
        minutes * Self::CENTS
    }

    /// Is cached by an implementor.
    fn title(&self, n: u64) -> ::std::string::String;
}

impl Tariff for Bank {
    const CENTS: u64 = 7;

    #[::dcache::dcache(skip(self))]
    fn title(&self, n: u64) -> ::std::string::String {
        ::std::format!("{n}")
    }
}

/// Uses every way to an entry.
///
/// # Errors
///
/// One fails.
pub async fn handles(shop: Shop) -> ::core::result::Result<u64, ::dcache::Error> {
    shop.price_cache((1, 2)).put(Shop::new(3).whole(4))?;
    shop.price_cache((1, 2)).invalidate()?;
    shop.price_cache((1, 2)).cache().clear()?;
    let _ = shop.price((1, 2)).is_ok();
    shop.name_cache("pen").put(shop.name("pen").await).await?;
    let _ = shop.count::<3>(&[1]).await.is_ok();
    Bank.rate_cache("7").invalidate().await?;
    let _ = Bank.rate("7").await.is_ok();
    Bank::fee_cache(250).put(Bank.cost(2) + Bank.title(3).len() as u64)?;
    let _: ::core::option::Option<u64> = Bank::fee_cache(250).peek();
    ::core::result::Result::Ok(::std::sync::Arc::new(shop).shared(Bank::fee(1)).await)
}
