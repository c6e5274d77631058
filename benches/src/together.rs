//! Calls that come at the same time: many of one key, and a few of different ones.
//!
//! ```text
//! cargo run --release --bin together
//! ```

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use dcache::dcache;

static BODIES: AtomicU64 = AtomicU64::new(0);

#[dcache]
async fn slow(key: u64) -> u64 {
    BODIES.fetch_add(1, SeqCst);
    tokio::time::sleep(Duration::from_millis(50)).await;
    key
}

#[dcache]
fn slow_sync(key: u64) -> u64 {
    BODIES.fetch_add(1, SeqCst);
    std::thread::sleep(Duration::from_millis(50));
    key
}

async fn tasks(keys: impl Iterator<Item = u64>) -> Duration {
    let start = Instant::now();
    let calls: Vec<_> = keys.map(|key| tokio::spawn(slow(key))).collect();
    for call in calls {
        call.await.expect("it does not panic");
    }
    start.elapsed()
}

fn threads(keys: impl Iterator<Item = u64>) -> Duration {
    let start = Instant::now();
    let calls: Vec<_> = keys.map(|key| std::thread::spawn(move || slow_sync(key))).collect();
    for call in calls {
        call.join().expect("it does not panic"); // the thread is gone, and disturbs nothing that follows
    }
    start.elapsed()
}

fn report(what: &str, took: Duration) {
    println!("{what:<44}{:>4} bodies of 50 ms{took:>12.1?}", BODIES.swap(0, SeqCst));
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for round in 1..=3 {
        report("10 000 tasks, one key", runtime.block_on(tasks((0..10_000).map(|_| 100 * round))));
        report("16 tasks, 16 keys", runtime.block_on(tasks((0..16).map(|n| 100 * round + 1 + n))));
        report("1 000 threads, one key", threads((0..1_000).map(|_| 100 * round)));
        report("16 threads, 16 keys", threads((0..16).map(|n| 100 * round + 1 + n)));
    }
}
