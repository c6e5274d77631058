//! Many callers of one key at the same time.

use std::convert::Infallible;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox::policy::{ConcurrencyLimit, PolicyConfig};
use hitbox_backend::format::BincodeFormat;
use hitbox_moka::MokaBackend;

use crate::contender::Contender;
use crate::group::{Bound, Group};
use crate::groups::{CAPACITY, TTL};
use crate::measure::Plan;
use crate::runtime::RUNTIME;

/// How many callers there are.
const CALLERS: usize = 1_000;

/// How long a body takes.
const BODY: Duration = Duration::from_millis(10);

/// How often any body ran.
static BODIES: AtomicU64 = AtomicU64::new(0);

async fn body(key: u64) -> u64 {
    BODIES.fetch_add(1, Relaxed);
    tokio::time::sleep(BODY).await;
    key
}

fn body_sync(key: u64) -> u64 {
    BODIES.fetch_add(1, Relaxed);
    thread::sleep(BODY);
    key
}

mod asynchronous {
    #[dcache::dcache]
    pub async fn ours(key: u64) -> u64 {
        super::body(key).await
    }

    #[cached::macros::cached(max_size = 10_000, sync_writes = "by_key")]
    pub async fn cached(key: u64) -> u64 {
        super::body(key).await
    }

    #[hitbox_fn::cached]
    pub async fn hitbox(key: u64) -> u64 {
        super::body(key).await
    }
}

mod synchronous {
    #[dcache::dcache]
    pub fn ours(key: u64) -> u64 {
        super::body_sync(key)
    }

    #[cached::macros::cached(max_size = 10_000, sync_writes = "by_key")]
    pub fn cached(key: u64) -> u64 {
        super::body_sync(key)
    }
}

/// Measures tasks that call with one key, a new one in each round.
fn tasks<F: Future<Output = u64> + Send>(
    name: &str,
    call: impl Fn(u64) -> F + Clone + Send + 'static,
) -> Contender {
    rounds(name, move |key| {
        RUNTIME.block_on(async {
            let start = Instant::now();
            let spawn = |_| {
                let call = call.clone();
                tokio::spawn(async move { call(key).await })
            };
            let tasks: Vec<_> = (0..CALLERS).map(spawn).collect();
            for task in tasks {
                assert_eq!(task.await.expect("no body panics"), key);
            }
            start.elapsed()
        })
    })
}

/// Measures threads that call with one key, a new one in each round; that they start is not counted.
fn threads(name: &str, call: impl Fn(u64) -> u64 + Clone + Send + 'static) -> Contender {
    rounds(name, move |key| {
        let ready = Arc::new(Barrier::new(CALLERS + 1));
        let spawn = |_| {
            let (ready, call) = (ready.clone(), call.clone());
            thread::spawn(move || {
                ready.wait();
                assert_eq!(call(key), key);
            })
        };
        let threads: Vec<_> = (0..CALLERS).map(spawn).collect();
        ready.wait();
        let start = Instant::now();
        for thread in threads {
            thread.join().expect("no body panics");
        }
        start.elapsed()
    })
}

/// Takes the time of a round with a key of its own, and remarks how many bodies ran in all of them.
fn rounds(name: &str, mut round: impl FnMut(u64) -> Duration + 'static) -> Contender {
    let ran = Arc::new(AtomicU64::new(0));
    let made = Arc::new(AtomicU64::new(0));
    let (all, rounds) = (ran.clone(), made.clone());
    let remark = move || format!("{} bodies in {} rounds", ran.load(Relaxed), made.load(Relaxed));
    Contender::figure(name, move || {
        let key = rounds.fetch_add(1, Relaxed);
        let before = BODIES.load(Relaxed);
        let took = round(key);
        all.fetch_add(BODIES.load(Relaxed) - before, Relaxed);
        took.as_nanos() as f64
    })
    .remarking(remark)
}

pub fn tasks_of_one_key(_: &Plan) -> io::Result<Group> {
    let raw = Arc::new(quick_cache::sync::Cache::<u64, u64>::new(CAPACITY as usize));
    let raw = move |key| {
        let cache = raw.clone();
        async move {
            cache.get_or_insert_async(&key, async { Ok::<_, Infallible>(body(key).await) }).await.unwrap()
        }
    };
    let moka = moka::future::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    let moka = move |key| {
        let cache = moka.clone();
        async move { cache.get_with(key, body(key)).await }
    };
    let backend = MokaBackend::builder().max_entries(CAPACITY).value_format(BincodeFormat).build();
    let one = ConcurrencyLimit::try_from(1u8).map_err(io::Error::other)?;
    let policy = PolicyConfig::builder().ttl(TTL).concurrency(one).build();
    let hitbox = Arc::new(
        hitbox_fn::Cache::builder()
            .backend(backend)
            .policy(policy)
            .concurrency_manager(BroadcastConcurrencyManager::new())
            .build(),
    );
    let hitbox = move |key| {
        let cache = hitbox.clone();
        async move { asynchronous::hitbox(key).cache(&*cache).await }
    };
    let about = format!("{CALLERS} tasks ask for one key that nobody holds; the body takes {BODY:?}.");
    Ok(Group::new("1 000 tasks ask for one key", about)
        .contenders([
            tasks("one body for each task", body),
            tasks("quick_cache, get_or_insert_async", raw),
            tasks("cached, sync_writes", asynchronous::cached),
            tasks("moka, get_with", moka),
            tasks("hitbox, moka, concurrency(1)", hitbox),
            tasks("dcache", asynchronous::ours),
        ])
        .bounds([Bound::times("dcache", 1.2, "moka, get_with")])
        .rounds(25, 0))
}

pub fn threads_of_one_key(_: &Plan) -> io::Result<Group> {
    let raw = Arc::new(quick_cache::sync::Cache::<u64, u64>::new(CAPACITY as usize));
    let raw = move |key| raw.get_or_insert_with(&key, || Ok::<_, Infallible>(body_sync(key))).unwrap();
    let moka = moka::sync::Cache::builder().max_capacity(CAPACITY).time_to_live(TTL).build();
    let about = format!(
        "{CALLERS} threads, all of them started, ask for one key that nobody holds; the body takes {BODY:?}."
    );
    Ok(Group::new("1 000 threads ask for one key", about)
        .contenders([
            threads("one body for each thread", body_sync),
            threads("quick_cache, get_or_insert_with", raw),
            threads("cached, sync_writes", synchronous::cached),
            threads("moka, get_with", move |key| moka.get_with(key, || body_sync(key))),
            threads("dcache", synchronous::ours),
        ])
        .bounds([Bound::times("dcache", 1.2, "moka, get_with")])
        .rounds(11, 0))
}
