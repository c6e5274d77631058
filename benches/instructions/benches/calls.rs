//! What calls take, in instructions: `../run` counts them under callgrind, and compares with `../budgets.txt`.
//!
//! Each function here makes `CALLS` calls over a cache that has been filled before, and nothing else; what it takes, the
//! loop included, is divided by that number.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dcache::{Cache, Memory, dcache};
use dcache_instructions::CALLS;
use dcache_shelf::Shelf;
use gungraun::{Callgrind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use serde::{Deserialize, Serialize};

/// Keys that hits take in turn: so many that it does not matter where in its table one of them lies.
const KEYS: u64 = 4_096;

/// Texts of sixteen bytes.
const TEXTS: [&str; 4] = ["text number 0001", "text number 0002", "text number 0003", "text number 0004"];

fn text(n: u64) -> &'static str {
    TEXTS[n as usize % TEXTS.len()]
}

/// What is counted: a call for each of the numbers from `from` on, as remainders by `keys`.
struct Work<F> {
    from: u64,
    keys: u64,
    call: F,
}

impl<T, F: Fn(u64) -> T> Work<F> {
    /// Has filled the cache, and will hit it.
    fn warm(keys: u64, call: F) -> Self {
        let work = Self { from: 0, keys, call };
        work.repeat(keys);
        work
    }

    /// Has filled the cache, and will miss it.
    fn cold(call: F) -> Self {
        let filled = Self::warm(KEYS, call);
        Self { from: KEYS, keys: u64::MAX, call: filled.call }
    }

    #[inline(always)]
    fn repeat(&self, calls: u64) {
        for n in self.from..self.from + calls {
            black_box((self.call)(black_box(n % self.keys)));
        }
    }
}

/// Polls a future that waits for nothing; inlined, so that it stays where it was made.
#[inline(always)]
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a hit has waited"),
    }
}

// hits

#[dcache]
fn number(n: u64) -> u64 {
    n + 1
}

#[dcache(ttl = "1h")]
fn number_ttl(n: u64) -> u64 {
    n + 1
}

#[dcache(ttl = "1h", jitter = 0.1, stale_while_revalidate = "1h", refresh_ahead = "1m")]
fn number_stale(n: u64) -> u64 {
    n + 1
}

#[dcache(ttl = "1h")]
fn pair(text: &str, n: u32) -> u64 {
    text.len() as u64 + u64::from(n)
}

#[dcache(ttl = "1h")]
fn label(text: &str, n: u64) -> Arc<str> {
    format!("{text} {n}").into()
}

#[dcache(ttl = "1h")]
fn five(a: u64, text: &str, b: u32, c: bool, d: Option<i64>) -> u64 {
    a + text.len() as u64 + u64::from(b) + u64::from(c) + d.unwrap_or_default() as u64
}

#[dcache]
fn checked(n: u64) -> Result<u64, String> {
    n.checked_add(1).ok_or_else(|| "too large".to_owned())
}

#[dcache]
async fn number_async(n: u64) -> u64 {
    n + 1
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Till(u32);

#[dcache]
impl Till {
    #[dcache]
    fn price(&self, n: u64) -> u64 {
        n + u64::from(self.0)
    }
}

static NUMBERS: LazyLock<Cache<u64, u64>> = LazyLock::new(|| {
    let hour = Duration::from_secs(3600);
    Cache::builder("numbers").memory(Memory::entries(10_000)).ttl(hour).build().unwrap()
});

// misses

#[dcache(backend = memory(capacity = 1_000))]
fn unknown(n: u64) -> u64 {
    n + 1
}

// below memory

/// 256 bytes and a little, encoded.
#[derive(Clone, Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    tags: Vec<String>,
    body: String,
}

static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::new);

#[dcache(backend = tier(SHELF.clone()), ttl = "1h")]
fn record(n: u64) -> Record {
    let tags = vec!["first".to_owned(), "second".to_owned()];
    Record { id: n, name: text(n).to_owned(), tags, body: "b".repeat(220) }
}

#[dcache(backend = tier(SHELF.clone()))]
fn below(text: &str, n: u32) -> u64 {
    text.len() as u64 + u64::from(n)
}

#[library_benchmark]
#[bench::hit(Work::warm(KEYS, number))]
#[bench::hit_ttl(Work::warm(KEYS, number_ttl))]
#[bench::hit_stale(Work::warm(KEYS, number_stale))]
#[bench::hit_text(Work::warm(KEYS, |n| pair(text(n), n as u32)))]
#[bench::hit_shared(Work::warm(KEYS, |n| label(text(n), n)))]
#[bench::hit_five(Work::warm(KEYS, |n| five(n, text(n), 7, n % 2 == 0, Some(3))))]
#[bench::hit_result(Work::warm(KEYS, checked))]
#[bench::hit_async(Work::warm(KEYS, |n| ready(number_async(n))))]
#[bench::hit_method(Work::warm(KEYS, |n| Till(1).price(n)))]
#[bench::hit_cache(Work::warm(KEYS, |n| NUMBERS.blocking().get_or_insert_with(&n, || n + 1)))]
#[bench::miss(Work::cold(unknown))]
#[bench::key(Work::warm(KEYS, |n| record::key(n)))]
#[bench::key_text(Work::warm(KEYS, |n| below::key(text(n), n as u32)))]
// few keys, for the tier's own look-up
#[bench::record(Work::warm(16, record))]
fn calls<T, F: Fn(u64) -> T>(work: Work<F>) {
    work.repeat(CALLS);
}

library_benchmark_group!(name = counted, benchmarks = calls);

/// What copies and compares bytes is chosen by the processor at hand: here it is what every x86-64 has.
const PROCESSOR: &str =
    "glibc.cpu.hwcaps=-AVX2,-AVX512VL,-AVX_Fast_Unaligned_Load,-SSSE3,-SSE4_1,-ERMS,-FSRM";

main!(
    config = LibraryBenchmarkConfig::default()
        .env("GLIBC_TUNABLES", PROCESSOR)
        .tool(Callgrind::with_args(["--cache-sim=no"])),
    library_benchmark_groups = counted
);
