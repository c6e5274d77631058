//! A Redis that is gone, refuses, is mad, or holds what is no entry.

use dcache::Redis;

mod entries;
mod gone;
mod mad;
#[cfg(target_os = "linux")]
mod name;
mod proxy;
mod refusing;

/// Makes a tier of the server at this URL.
fn tier(url: &str) -> impl Fn() -> Redis {
    move || Redis::connect(url).unwrap()
}
