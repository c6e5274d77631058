//! Writers that were killed, and writers that meet others.

use std::cell::Cell;
use std::collections::HashSet;
use std::env;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use dcache::testing::advance;
use dcache::{BlockingBackend, Cache, Key, Scope, Tier};
use dcache_tests::{child, figure, is_child};

use super::*;
use crate::fault::Trial;

/// Names the folder for the process that writes.
const PLACE: &str = "DCACHE_TEST_PLACE";

const WRITERS: Fault = Fault { group: Group::Writers, ..LOSING };

/// So many keys are written over and over.
pub(super) const KEYS: u32 = 8;

/// A function of which each answer tells whether it is whole.
pub(super) fn cache(fs: &Fs) -> Cache<u32, String> {
    // what is written is to be found, however busy the disk is
    let tier = Tier::from(fs.clone()).timeout(Duration::from_secs(60));
    Cache::builder("written").no_memory().tier(tier).ttl(Duration::from_secs(3600)).build().unwrap()
}

fn value(key: u32, round: u64) -> String {
    format!(
        "{key} {round} {}",
        char::from(b'a' + (round % 26) as u8).to_string().repeat(2000 + round as usize % 7000)
    )
}

/// Asserts that a value is one that some writer stored for this key.
pub(super) fn is_whole(key: u32, found: &str) {
    let round = found.split(' ').nth(1).and_then(|round| round.parse().ok());
    let round: u64 = round.unwrap_or_else(|| panic!("key {key}: {found:.60}"));
    assert!(found == value(key, round), "key {key}: {found:.60}");
}

/// A process that writes without end.
pub(super) struct Writer {
    process: Child,
    /// Kept, so that it may say something.
    _said: BufReader<ChildStdout>,
}

impl Writer {
    /// Starts one, and returns when it is about to write.
    pub(super) fn start(root: &Path) -> Self {
        Self::start_as(root, "files::writer::writes_without_end_in_a_process_of_its_own")
    }

    fn start_as(root: &Path, test: &str) -> Self {
        let mut command = child(env::current_exe().unwrap(), test);
        let command = command.env(PLACE, root).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("writing") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the writer has ended");
        }
        Self { process: child, _said: lines }
    }

    pub(super) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.process.id().to_string()).status().unwrap();
        assert!(sent.success());
    }
}

/// Kills it.
impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn writes_without_end_in_a_process_of_its_own() {
    if !is_child() {
        return assert!(value(1, 27).starts_with("1 27 bbb"), "which is what it writes");
    }
    let root = PathBuf::from(env::var_os(PLACE).unwrap());
    println!("writing");
    let cache = cache(&open(&root));
    for round in u64::from(std::process::id()) * 1_000_000.. {
        let key = (round % u64::from(KEYS)) as u32;
        cache.blocking().put(&key, value(key, round)).unwrap();
    }
}

#[test]
fn writes_much_in_a_process_of_its_own() {
    if !is_child() {
        return;
    }
    let fs = open(&PathBuf::from(env::var_os(PLACE).unwrap()));
    let key = Key::new(&Scope::new("dcache", "much"), "key");
    println!("writing");
    loop {
        let hour = Some(Duration::from_secs(3600));
        BlockingBackend::set(&fs, &key, vec![1; 64 << 20].into(), hour, Duration::from_secs(60)).unwrap();
    }
}

/// Asserts that the folder works after whatever was done to writers in it: no value is torn, and new ones are kept.
/// Returns how many of the values were not there.
pub(super) fn is_usable(trial: &Trial, fs: &Fs) -> u64 {
    let cache = cache(fs);
    for key in 0..KEYS {
        let start = Instant::now();
        let found = cache.blocking().get_or_insert_with(&key, || value(key, 0));
        trial.took(start.elapsed());
        is_whole(key, &found);
    }
    let misses = cache.stats().tiers[0].misses;
    cache.blocking().put(&0, value(0, 1)).unwrap();
    assert!(cache.blocking().get(&0) == Some(value(0, 1)), "nothing is kept");
    misses
}

#[test]
fn killed_at_any_moment() {
    let kills = figure("KILLS", 1000);
    Fault {
        name: "writer killed",
        cause: "`kill -9` of a process that writes, a thousand times at random moments, the creation of the folder \
                among them; each time all is read by another process",
        ..WRITERS
    }
    .measure(|trial| {
        trial.budget(Fs::TIME_BUDGET);
        let outer = tempfile::tempdir().unwrap();
        let mut moment = 0x9e37_79b9_7f4a_7c15_u64;
        let misses = Cell::new(0);
        let work = || {
            for kill in 0..kills {
                let root = outer.path().join((kill / 5).to_string());
                let writer = Writer::start(&root);
                moment = moment.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                thread::sleep(Duration::from_micros((moment >> 33) % 4000)); // whenever that is
                drop(writer);
                misses.set(misses.get() + is_usable(trial, &open(&root)));
            }
        };
        trial.names(|| misses.get(), work);
    });
}

/// What a write asks of the system, but for reading.
const STEPS: [&str; 9] =
    ["openat2", "openat", "fchmod", "flock", "write", "utimensat", "close", "renameat", "fstat,newfstatat"];

#[test]
fn killed_at_each_step() {
    let fault = Fault {
        name: "writer killed at each step",
        cause: "`strace -e inject=…:signal=KILL` at each system call of a write (`openat2`, `openat`, `fchmod`, \
                `flock`, `write`, `utimensat`, `close`, `renameat`, `fstat`), the first to the fifth time",
        ..WRITERS
    };
    if Command::new("strace").arg("-V").output().is_err() {
        return fault.leave_out("it takes strace");
    }
    fault.measure(|trial| {
        trial.budget(Fs::TIME_BUDGET);
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        let fs = open(&root);
        let misses = Cell::new(0);
        let work = || {
            misses.set(is_usable(trial, &fs));
            for step in STEPS {
                for time in 1..=5 {
                    let mut writer = Writer::start(&root);
                    let inject = format!("inject={step}:signal=KILL:when={time}");
                    let mut strace = Command::new("strace");
                    strace.args([
                        "-f",
                        "-qq",
                        "-o",
                        "/dev/null",
                        "-e",
                        &format!("trace={step}"),
                        "-e",
                        &inject,
                    ]);
                    let done = strace.arg("-p").arg(writer.process.id().to_string()).output().unwrap();
                    let ended = writer.process.wait().unwrap();
                    assert_eq!(ended.signal(), Some(9), "{step} {time}: {done:?}");
                    is_usable(trial, &fs);
                }
            }
        };
        trial.names(|| misses.get(), work);
    });
}

fn drafts(fs: &Fs) -> usize {
    let found = std::fs::read_dir(fs.root().join(".dcache")).into_iter().flatten().flatten();
    found.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b".dcache-")).count()
}

#[test]
fn unfinished_files() {
    Fault {
        name: "unfinished files of a killed writer",
        cause: "`kill -9` in the middle of writes of 64 MiB; while anybody writes, the files are gone within a minute",
        ..WRITERS
    }
    .measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        for left in 1..=3 {
            while drafts(&fs) < left {
                let writer = Writer::start_as(fs.root(), "files::writer::writes_much_in_a_process_of_its_own");
                while drafts(&fs) < left {
                    thread::yield_now();
                }
                drop(writer);
            }
        }
        calls.survive();
        advance(Duration::from_secs(31));
        let start = Instant::now();
        fs.sweep().unwrap(); // or who writes next
        trial.recovered(start.elapsed());
        assert_eq!(drafts(&fs), 0);
        calls.work();
    });
}

#[test]
fn two_of_one_key() {
    Fault {
        name: "two processes write one key",
        cause: "two processes write the same eight keys without end, while a third reads them",
        ..WRITERS
    }
    .measure(|trial| {
        trial.budget(Fs::TIME_BUDGET);
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let cache = cache(&fs);
        let work = || {
            cache.blocking().get(&0);
            is_usable(trial, &fs);
            let _writers = [Writer::start(fs.root()), Writer::start(fs.root())];
            let (mut seen, mut reads) = (HashSet::new(), 0);
            while seen.len() < 200 || reads < 5000 {
                let key = reads % KEYS;
                let start = Instant::now();
                let found = cache.blocking().get(&key).expect("there is always one");
                trial.took(start.elapsed());
                is_whole(key, &found);
                seen.insert(found);
                reads += 1;
            }
        };
        trial.names(|| cache.stats().tiers[0].misses, work);
        is_usable(trial, &fs);
    });
}
