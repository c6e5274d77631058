//! Hits in files, and writes of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use cached::{ConcurrentCached, RedbCache};

use crate::callers;
use crate::contender::Contender;
use crate::folder;
use crate::group::{Bound, Group};
use crate::groups::size;
use crate::runtime::RUNTIME;

/// How many values there are of each size.
const VALUES: u64 = 64;

/// Counts how often a value had to be made; while hits are measured that never happens.
static BODIES: AtomicU64 = AtomicU64::new(0);

/// A value, named by its size and its number.
fn id(bytes: u64, number: u64) -> u64 {
    bytes * VALUES + number % VALUES
}

fn body(id: u64) -> String {
    BODIES.fetch_add(1, Relaxed);
    "v".repeat((id / VALUES) as usize)
}

/// The functions.
mod hour {
    use super::{body, root};

    #[dcache::dcache(backend = fs(path = root().join("dcache"), timeout = "10s"), ttl = "1h")]
    pub fn ours(id: u64) -> String {
        body(id)
    }

    #[dcache::dcache(backend = fs(path = root().join("dcache"), timeout = "10s"), ttl = "1h")]
    pub async fn ours_async(id: u64) -> String {
        body(id)
    }

    #[cached::macros::concurrent_cached(
        ty = "cached::RedbCache<u64, String>",
        create = r#"{ super::store("function", true).unwrap() }"#,
        map_error = |error| format!("{error:?}")
    )]
    pub fn cached(id: u64) -> Result<String, String> {
        Ok(body(id))
    }
}

/// Returns the folder of all files, which is emptied when this is first called.
fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| folder::emptied("files").expect("a folder"));
    &ROOT
}

/// Opens a store of `cached`'s, with or without a flush to the disk at each write.
fn store(name: &str, durable: bool) -> io::Result<RedbCache<u64, String>> {
    let builder = RedbCache::builder(name).disk_dir(root().join("cached")).ttl_secs(3600).durable(durable);
    builder.build().map_err(io::Error::other)
}

fn bare_path(id: u64) -> PathBuf {
    root().join(format!("bare-{id}"))
}

/// Writes a file as one that others may be reading: beside it first, then in its place.
fn bare_write(id: u64, value: &str) -> io::Result<()> {
    let draft = root().join("draft");
    fs::write(&draft, value)?;
    fs::rename(draft, bare_path(id))
}

fn fill(bytes: u64) -> io::Result<()> {
    for id in (0..VALUES).map(|number| id(bytes, number)) {
        bare_write(id, &body(id))?;
        hour::ours(id);
        hour::cached(id).map_err(io::Error::other)?;
        RUNTIME.block_on(hour::ours_async(id));
    }
    BODIES.store(0, Relaxed);
    Ok(())
}

/// Says what must not be: that bodies ran.
fn ours(contender: Contender) -> Contender {
    contender.remarking(|| match BODIES.load(Relaxed) {
        0 => String::new(),
        bodies => format!("{bodies} bodies ran"),
    })
}

/// Reads.
pub fn hit(bytes: u64) -> io::Result<Group> {
    fill(bytes)?;
    let about = "64 files in turn, which the system has in memory. `std::fs::read` and `tokio::fs::read` bring bytes, \
                 the caches a string that they have checked and decoded.";
    let id = move |n| id(bytes, n);
    let group = Group::new(format!("Hit in files, {}", size(bytes)), about).rounds(61, 10).contenders([
        Contender::timed("std::fs::read", move |calls| {
            callers::one(calls, |n| fs::read(bare_path(id(n))).expect("it was written"))
        }),
        Contender::timed("cached", move |calls| {
            callers::one(calls, |n| hour::cached(id(n)).expect("the store works"))
        }),
        ours(Contender::timed("dcache", move |calls| callers::one(calls, |n| hour::ours(id(n))))),
        Contender::timed("tokio::fs::read", move |calls| {
            callers::one_task(calls, move |n| async move {
                tokio::fs::read(bare_path(id(n))).await.expect("it was written")
            })
        }),
        ours(Contender::timed("dcache, async", move |calls| {
            callers::one_task(calls, move |n| hour::ours_async(id(n)))
        })),
    ]);
    Ok(match bytes {
        4096 => group.bounds([Bound::times("dcache", 2.0, "std::fs::read")]),
        _ => group,
    })
}

/// Writes.
pub fn write(bytes: u64) -> io::Result<Group> {
    let (durable, fast) = (store("durable", true)?, store("fast", false)?);
    let about = "64 values in turn; the older one is removed before, which does not count. The bare way is \
                 `std::fs::write` beside the file, and a rename. dcache hands a file to the system and does not wait for \
                 the disk: it outlives the process, and one that a power cut has harmed is a miss. `cached` waits for \
                 the disk; with `durable = false` values stay in the process, and are lost with it, until `flush`";
    let id = move |n| id(bytes, n);
    let value = body(id(0));
    let (bare, one, other, ours) = (value.clone(), value.clone(), value.clone(), value);
    let there = "there is room";
    let group = Group::new(format!("Write into files, {}", size(bytes)), about).rounds(31, 20).contenders([
        Contender::timed("std::fs::write", move |calls| {
            let before = |n| drop(fs::remove_file(bare_path(id(n))));
            callers::one_after(calls, before, |n| bare_write(id(n), &bare).expect(there))
        }),
        Contender::timed("cached", move |calls| {
            let before = |n| drop(durable.cache_remove(&id(n)));
            callers::one_after(calls, before, |n| durable.cache_set(id(n), one.clone()).expect(there))
        }),
        Contender::timed("cached, durable = false", move |calls| {
            let before = |n| drop(fast.cache_remove(&id(n)));
            callers::one_after(calls, before, |n| fast.cache_set(id(n), other.clone()).expect(there))
        }),
        Contender::timed("dcache", move |calls| {
            let before = |n| hour::ours::invalidate(id(n)).expect(there);
            callers::one_after(calls, before, |n| hour::ours::put(id(n), ours.clone()).expect(there))
        }),
    ]);
    Ok(group.bounds([Bound::below("dcache", "cached")]))
}
