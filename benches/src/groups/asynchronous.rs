//! Hits in memory of asynchronous functions.

use std::io;

use hitbox::policy::PolicyConfig;
use hitbox_backend::format::BincodeFormat;
use hitbox_moka::MokaBackend;

use crate::contender::{Contender, Load};
use crate::group::{Bound, Group};
use crate::groups::{CAPACITY, HITS, TTL};
use crate::keys::Keys;
use crate::measure::Plan;
use crate::runtime::RUNTIME;

/// Functions with a time to live of an hour.
mod hour {
    #[dcache::dcache(ttl = "1h")]
    pub fn ours_sync(n: u64) -> u64 {
        n + 1
    }

    #[dcache::dcache(ttl = "1h")]
    pub async fn ours(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::cached(max_size = 10_000, ttl_secs = 3600)]
    pub async fn cached(n: u64) -> u64 {
        n + 1
    }

    #[cached::macros::concurrent_cached(max_size = 10_000, ttl_secs = 3600)]
    pub async fn concurrent(n: u64) -> u64 {
        n + 1
    }

    #[hitbox_fn::cached]
    pub async fn hitbox(n: u64) -> u64 {
        n + 1
    }
}

pub fn one(_: &Plan) -> io::Result<Group> {
    Ok(group("Hit in memory, asynchronous, u64 → u64, with a time to live", 1))
}

pub fn on_two(_: &Plan) -> io::Result<Group> {
    let title = "Hit in memory, asynchronous, u64 → u64, with a time to live, two threads";
    Ok(group(title, 2))
}

fn group(title: &'static str, threads: usize) -> Group {
    let load = Load { keys: Keys::shuffled(HITS), threads };
    let moka = moka::future::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    RUNTIME.block_on(async {
        for n in 0..u64::from(HITS) {
            moka.insert(n, n + 1).await;
        }
    });
    let moka = Contender::async_calls("moka", &load, async move |n| moka.get(&(n as u64)).await);
    let backend = MokaBackend::builder().max_entries(CAPACITY).value_format(BincodeFormat).build();
    let policy = PolicyConfig::builder().ttl(TTL).build();
    let hitbox = hitbox_fn::Cache::builder().backend(backend).policy(policy).build();
    let hitbox =
        Contender::async_calls("hitbox", &load, async move |n| hour::hitbox(n as u64).cache(&hitbox).await);
    let about = format!(
        "{HITS} keys in a random order, all of them held, each call awaited in a task of tokio's runtime. What they \
         are compared with is the same function without `async`."
    );
    Group::new(title, about)
        .contenders([
            Contender::calls("dcache, sync", &load, |n| hour::ours_sync(n as u64)),
            Contender::async_calls("cached, max_size, ttl", &load, async |n| hour::cached(n as u64).await),
            Contender::async_calls("concurrent_cached, max_size, ttl", &load, async |n| {
                hour::concurrent(n as u64).await
            }),
            moka,
            hitbox,
            Contender::async_calls("dcache", &load, async |n| hour::ours(n as u64).await),
        ])
        .bounds([Bound::times("dcache", 1.3, "dcache, sync")])
}
