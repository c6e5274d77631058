//! dcache goes by the name `cache`, and there is no `dcache`.
#![forbid(unsafe_code)]
#![deny(warnings, unused, rust_2018_idioms, missing_docs)]

use std::hash::Hash;
use std::time::Duration;

/// Adds one.
#[cache::dcache(crate = ::cache)]
pub fn next(n: u64) -> u64 {
    n + 1
}

/// Greets; only the name is in the key.
#[cache::dcache(crate = cache, ttl = "1h", skip(mark))]
pub fn greet(name: &str, mark: char) -> String {
    format!("Hello {name}{mark}")
}

/// Halves what can be halved.
///
/// # Errors
///
/// The number is odd.
#[cache::dcache(key = "half:{n}", cache_if = |half: &u64| *half > 1, crate = ::cache)]
pub fn half(n: u64) -> Result<u64, String> {
    if n % 2 == 0 { Ok(n / 2) } else { Err(n.to_string()) }
}

/// Finds the largest.
#[cache::dcache(crate = ::cache, key = (items.len(), items.to_vec()))]
pub fn largest<T: Clone + Hash + Ord + Send + Sync + 'static>(items: &[T]) -> Option<T> {
    items.iter().max().cloned()
}

/// Is found on disk as well.
///
/// # Errors
///
/// There are none.
#[cache::dcache(
    crate = ::cache,
    backend = [memory(capacity = "1MiB", ttl = "1m"), fs, tier("shelf", timeout = "1s")],
    ttl = Duration::from_secs(3600),
    codec = bincode,
    bypass_if = text.is_empty(),
)]
pub async fn letters(text: &str) -> Result<Vec<char>, String> {
    Ok(text.chars().collect())
}

/// Has no companion.
#[cache::dcache(crate = ::cache, companion = none)]
pub async fn alone<T: Clone + Eq + Hash + Send + Sync + 'static>(item: T) -> T {
    item
}

/// Fails by an alias.
///
/// # Errors
///
/// There are none.
#[cache::dcache(crate = ::cache, result)]
pub fn by_alias(n: u64) -> std::io::Result<u64> {
    Ok(n)
}

/// Is of a type that might be an alias.
#[cache::dcache(crate = ::cache, skip(n))]
pub fn no_alias(n: u64) -> std::net::IpAddr {
    std::net::Ipv4Addr::from_bits(n as u32).into()
}

/// Uses the controls.
///
/// # Errors
///
/// A control fails.
pub async fn controls() -> Result<Option<cache::Entry<u64>>, cache::Error> {
    next::put(1, next::uncached(1) + next::refresh(1))?;
    greet::invalidate("Ada")?;
    half::put(9, half::key(9).len() as u64)?;
    largest::clear::<u8>()?;
    letters::put("ab", vec!['a', 'b']).await?;
    letters::clear().await?;
    let _: cache::Stats = letters::stats();
    Ok(next::entry(1))
}
