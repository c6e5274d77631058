//! Ranks the identifiers of every source file in a folder, once in a lifetime.
//!
//! ```text
//! cargo run --example quickstart [FOLDER]
//! ```
//!
//! Start it twice: the second time no body runs, the answers come from the files of the first. With
//! `DCACHE_REDIS_URL=redis://127.0.0.1` Redis joins in between.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dcache::{Stats, dcache};
use serde::{Deserialize, Serialize};

/// An identifier, how often it stands in a file, and which other one is spelled most like it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Identifier {
    name: String,
    count: usize,
    like: Option<String>,
}

/// The most frequent identifiers of a file, and how long it took to find them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ranking {
    top: Vec<Identifier>,
    took: Duration,
}

#[dcache(backend = [memory, redis, fs], ttl = "7d")]
fn rank(source: &str, top: usize) -> Arc<Ranking> {
    Arc::new(rank_identifiers(source, top))
}

#[dcache(backend = [memory, redis, fs], ttl = "7d")]
async fn rank_async(source: &str, top: usize) -> Arc<Ranking> {
    tokio::task::yield_now().await;
    Arc::new(rank_identifiers(source, top))
}

/// The slow work: the nearest spelling is a comparison with every other identifier.
fn rank_identifiers(source: &str, top: usize) -> Ranking {
    let start = Instant::now();
    let mut counts = HashMap::new();
    for word in source.split(|c: char| !c.is_alphanumeric() && c != '_') {
        if word.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            *counts.entry(word).or_insert(0usize) += 1;
        }
    }
    let mut ranked: Vec<(&str, usize)> = counts.iter().map(|(name, count)| (*name, *count)).collect();
    ranked.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
    let like = |name: &str| {
        let others = ranked.iter().map(|(other, _)| *other).filter(|other| *other != name);
        others.min_by_key(|other| (distance(name, other), *other)).map(str::to_owned)
    };
    let identifier = |(name, count): &(&str, usize)| Identifier {
        name: (*name).to_owned(),
        count: *count,
        like: like(name),
    };
    let top = ranked.iter().take(top).map(identifier).collect();
    Ranking { top, took: start.elapsed() }
}

/// The edit distance of Levenshtein, by the method of Wagner and Fischer (1974).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")),
    };
    let mut sources = Vec::new();
    read_sources(&folder, &mut sources)?;
    if sources.is_empty() {
        return Err(format!("no source files in {}", folder.display()).into());
    }

    let mut saved = Duration::ZERO;
    let mut frequent = HashMap::new();
    let mut progress = Progress::new(sources.len() * 4 + 60);
    let start = Instant::now();

    for _ in 0..2 {
        for source in &sources {
            let called = Instant::now();
            let ranking = rank(source, 10);
            saved += ranking.took.saturating_sub(called.elapsed());
            progress.step();
        }
    }
    for _ in 0..2 {
        for source in &sources {
            let called = Instant::now();
            let ranking = rank_async(source, 10).await;
            saved += ranking.took.saturating_sub(called.elapsed());
            for identifier in &ranking.top {
                *frequent.entry(identifier.name.clone()).or_insert(0) += identifier.count;
            }
            progress.step();
        }
    }

    // sixty calls at once, over forty different pairs of arguments
    let sources = Arc::new(sources);
    let calls: Vec<_> = (0..60)
        .map(|call| {
            let sources = sources.clone();
            let pair = call % 40;
            tokio::spawn(async move {
                let called = Instant::now();
                let ranking = rank_async(&sources[pair % sources.len()], 11 + pair / sources.len()).await;
                ranking.took.saturating_sub(called.elapsed())
            })
        })
        .collect();
    for call in calls {
        saved += call.await?;
        progress.step();
    }
    progress.finish();

    let elapsed = start.elapsed();
    let (sync, concurrent) = (rank::stats(), rank_async::stats());
    println!("{} source files in {}\n", sources.len(), folder.canonicalize()?.display());
    print_table(&[("rank", &sync), ("rank_async", &concurrent)]);
    let calls = answered(&sync) + answered(&concurrent);
    println!(
        "\n{calls} calls in {elapsed:.1?}, {:.1?} a call; time saved: {saved:.1?}",
        elapsed / calls as u32
    );
    let mut frequent: Vec<_> = frequent.into_iter().collect();
    frequent.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
    let names: Vec<_> = frequent.iter().take(8).map(|(name, _)| name.as_str()).collect();
    println!("most frequent: {}", names.join(", "));
    if sync.computes + concurrent.computes > 0 {
        println!("start it again: no body will run");
    }
    Ok(())
}

/// Returns how many calls a function has had.
fn answered(stats: &Stats) -> u64 {
    stats.hits + stats.misses + stats.coalesced + stats.stale
}

fn print_table(functions: &[(&str, &Stats)]) {
    let tiers: Vec<&str> = functions[0].1.tiers.iter().map(|tier| tier.name.as_str()).collect();
    print!("{:<12}{:>8}{:>8}{:>11}", "function", "calls", "bodies", "coalesced");
    tiers.iter().for_each(|tier| print!("{tier:>9}"));
    println!("{:>13}", "body time");
    for (name, stats) in functions {
        print!("{name:<12}{:>8}{:>8}{:>11}", answered(stats), stats.computes, stats.coalesced);
        stats.tiers.iter().for_each(|tier| print!("{:>9}", tier.hits));
        println!("{:>13}", format!("{:.1?}", stats.body_time));
    }
}

/// Reads all source files below a folder, in the order of their names.
fn read_sources(folder: &Path, sources: &mut Vec<String>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kind = path.symlink_metadata()?.file_type();
        if kind.is_dir() && !name.starts_with('.') && !matches!(name.as_str(), "target" | "node_modules") {
            read_sources(&path, sources)?;
        } else if kind.is_file() && is_source(&path) {
            sources.push(String::from_utf8_lossy(&std::fs::read(&path)?).into_owned());
        }
    }
    Ok(())
}

fn is_source(path: &Path) -> bool {
    let known = ["c", "cc", "cpp", "go", "h", "java", "js", "kt", "py", "rb", "rs", "swift", "ts"];
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| known.contains(&extension))
}

/// A bar on a terminal, once a second has passed.
struct Progress {
    start: Instant,
    done: usize,
    all: usize,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { start: Instant::now(), done: 0, all }
    }

    fn step(&mut self) {
        self.done += 1;
        if self.is_shown() {
            let width = 40 * self.done / self.all;
            eprint!("\r[{:<40}] {}/{} calls", "#".repeat(width), self.done, self.all);
            let _ = std::io::stderr().flush();
        }
    }

    fn finish(&self) {
        if self.is_shown() {
            eprint!("\r{:60}\r", "");
        }
    }

    fn is_shown(&self) -> bool {
        self.start.elapsed() > Duration::from_secs(1) && std::io::stderr().is_terminal()
    }
}
