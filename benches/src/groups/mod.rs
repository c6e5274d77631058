//! The groups, in the order of the page.

mod asynchronous;
mod build;
mod check;
mod coalesce;
mod files;
mod footprint;
mod miss;
mod numbers;
mod redis;
mod s3;
mod texts;
mod values;
mod zipf;

use std::time::Duration;

use crate::group::Known;

/// All groups.
pub const LIST: &[Known] = &[
    Known { name: "hit-u64", build: numbers::plain },
    Known { name: "hit-u64-2", build: numbers::plain_on_two },
    Known { name: "hit-ttl", build: numbers::ttl },
    Known { name: "hit-ttl-2", build: numbers::ttl_on_two },
    Known { name: "hit-text-16", build: texts::of_16 },
    Known { name: "hit-text-64", build: texts::of_64 },
    Known { name: "hit-pair", build: texts::pair },
    Known { name: "hit-pair-2", build: texts::pair_on_two },
    Known { name: "hit-five", build: values::five },
    Known { name: "hit-arc", build: values::shared },
    Known { name: "hit-vec", build: values::copied },
    Known { name: "hit-async", build: asynchronous::one },
    Known { name: "hit-async-2", build: asynchronous::on_two },
    Known { name: "zipf", build: zipf::time },
    Known { name: "zipf-rate", build: zipf::rate },
    Known { name: "miss", build: miss::number },
    Known { name: "coalesce-tasks", build: coalesce::tasks_of_one_key },
    Known { name: "coalesce-threads", build: coalesce::threads_of_one_key },
    Known { name: "footprint", build: footprint::number },
    Known { name: "redis-sync-256", build: |_| redis::sync(256) },
    Known { name: "redis-sync-4k", build: |_| redis::sync(4 << 10) },
    Known { name: "redis-sync-1m", build: |_| redis::sync(1 << 20) },
    Known { name: "redis-async-256", build: |_| redis::asynchronous(256) },
    Known { name: "redis-async-4k", build: |_| redis::asynchronous(4 << 10) },
    Known { name: "redis-async-1m", build: |_| redis::asynchronous(1 << 20) },
    Known { name: "redis-64-sync-256", build: |_| redis::sync_many(256) },
    Known { name: "redis-64-sync-4k", build: |_| redis::sync_many(4 << 10) },
    Known { name: "redis-64-sync-1m", build: |_| redis::sync_many(1 << 20) },
    Known { name: "redis-64-async-256", build: |_| redis::asynchronous_many(256) },
    Known { name: "redis-64-async-4k", build: |_| redis::asynchronous_many(4 << 10) },
    Known { name: "redis-64-async-1m", build: |_| redis::asynchronous_many(1 << 20) },
    Known { name: "files-hit-4k", build: |_| files::hit(4 << 10) },
    Known { name: "files-hit-1m", build: |_| files::hit(1 << 20) },
    Known { name: "files-write-4k", build: |_| files::write(4 << 10) },
    Known { name: "files-write-1m", build: |_| files::write(1 << 20) },
    Known { name: "s3-hit-4k", build: |_| s3::hit(4 << 10) },
    Known { name: "s3-hit-1m", build: |_| s3::hit(1 << 20) },
    Known { name: "s3-write-4k", build: |_| s3::write(4 << 10) },
    Known { name: "s3-write-1m", build: |_| s3::write(1 << 20) },
    Known { name: "check", build: check::functions },
    Known { name: "crates", build: build::crates },
    Known { name: "build", build: build::time },
];

/// The most entries of each cache in memory: dcache's default.
const CAPACITY: u64 = 10_000;

/// How many keys are asked for where every call is a hit.
const HITS: u32 = 1024;

/// The time to live of values that have one.
const TTL: Duration = Duration::from_secs(3600);

/// Says how large a value is.
fn size(bytes: u64) -> String {
    match bytes {
        1..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}
