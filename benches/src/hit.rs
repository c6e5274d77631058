//! What a hit in memory costs, beside a look-up in the map below it and a read of the clock.
//!
//! ```text
//! cargo run --release
//! ```
//!
//! All kinds take turns within one run, so that a noisy machine is noisy for all of them; compare the ratios.

use std::hint::black_box;
use std::time::Instant;

use dcache::dcache;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

const KEYS: u64 = 1024;
const CALLS: u64 = 1_000_000;
const ROUNDS: usize = 21;

#[dcache]
fn number(n: u64) -> u64 {
    n + 1
}

#[dcache(ttl = "1h")]
fn number_ttl(n: u64) -> u64 {
    n + 1
}

#[dcache(ttl = "1h")]
fn pair(text: &str, n: u32) -> u64 {
    text.len() as u64 + u64::from(n)
}

/// A borrowed pair, as quick_cache looks it up.
#[derive(Hash)]
struct Pair<'a>(&'a str, u32);

impl Equivalent<(String, u32)> for Pair<'_> {
    fn equivalent(&self, key: &(String, u32)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

struct Kind {
    name: &'static str,
    call: Box<dyn FnMut(u64) -> u64>,
    nanos: Vec<f64>,
}

impl Kind {
    fn new(name: &'static str, call: impl FnMut(u64) -> u64 + 'static) -> Self {
        Self { name, call: Box::new(call), nanos: Vec::new() }
    }

    fn median(&self) -> f64 {
        let mut nanos = self.nanos.clone();
        nanos.sort_by(f64::total_cmp);
        nanos[nanos.len() / 2]
    }
}

fn main() {
    let texts: &'static [String] = Vec::leak((0..KEYS).map(|n| format!("text number {n:04}")).collect());
    let raw = Cache::new(10_000);
    let raw_pair = Cache::new(10_000);
    for n in 0..KEYS {
        raw.insert((n,), n);
        raw_pair.insert((texts[n as usize].clone(), n as u32), n);
    }
    let mut kinds = [
        Kind::new("call", |n| n),
        Kind::new("clock", |_| coarsetime::Instant::now_without_cache_update().as_ticks()),
        Kind::new("quick_cache, u64", move |n| raw.get(&(n,)).unwrap_or_default()),
        Kind::new("dcache, u64", number),
        Kind::new("dcache, u64, ttl", number_ttl),
        Kind::new("quick_cache, (&str, u32)", move |n| {
            raw_pair.get(&Pair(&texts[n as usize], n as u32)).unwrap_or_default()
        }),
        Kind::new("dcache, (&str, u32), ttl", |n| pair(&texts[n as usize], n as u32)),
    ];
    for _ in 0..=ROUNDS {
        for kind in &mut kinds {
            let start = Instant::now();
            for n in 0..CALLS {
                black_box((kind.call)(black_box(n % KEYS)));
            }
            kind.nanos.push(start.elapsed().as_nanos() as f64 / CALLS as f64);
        }
    }
    let call = kinds[0].median();
    let clock = kinds[1].median() - call;
    println!("{:<26}{:>10}{:>22}", "", "ns", "÷ (quick_cache + clock)");
    let mut base = f64::NAN;
    for kind in &kinds[1..] {
        let nanos = kind.median() - call;
        if kind.name.starts_with("quick_cache") {
            base = nanos + clock;
        }
        let ratio =
            if kind.name.starts_with("dcache") { format!("{:.2}", nanos / base) } else { String::new() };
        println!("{:<26}{nanos:>10.1}{ratio:>22}", kind.name);
    }
}
