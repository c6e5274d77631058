//! Many processes that write into one folder.

use std::env;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use dcache_tests::{child, figure, is_child};

use super::*;

/// How much the entries take, while nobody writes.
fn weigh(folder: &Path) -> u64 {
    let mut taken = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(seen) if seen.is_dir() => taken += weigh(&entry.path()),
            Ok(seen) => taken += seen.len().next_multiple_of(4096),
            Err(_) => {}
        }
    }
    taken
}

const PLACE: &str = "DCACHE_TEST_PLACE";
const CAPACITY: u64 = 16 << 20;

#[test]
fn write_without_end_each_as_a_process_of_its_own() {
    if !is_child() {
        return;
    }
    let fs = Fs::open(env::var_os(PLACE).unwrap()).unwrap().capacity(CAPACITY);
    for n in 0_u32.. {
        let id = format!("{} {n}", std::process::id());
        // 4 to 20 KiB; where there is no room for a while, that is the answer
        match set(&fs, &key(&id), vec![1; 4000 + (n as usize * 7919) % 16_000]) {
            Err(error) if error.kind() != ErrorKind::Full => panic!("{error}"),
            _ => {}
        }
    }
}

/// A process that writes, until it is killed.
struct Writer(Child);

impl Writer {
    fn start(root: &Path) -> Self {
        let test = "fs::processes::write_without_end_each_as_a_process_of_its_own";
        let mut writer = child(env::current_exe().unwrap(), test);
        Self(writer.env(PLACE, root).stdout(Stdio::null()).spawn().unwrap())
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.0.id().to_string()).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn keep_within_the_capacity_at_each_moment() {
    let (_folder, fs) = opened();
    let mut writers: Vec<_> = (0..4).map(|_| Writer::start(fs.root())).collect();
    let (start, mut most, mut samples) = (Instant::now(), 0, 0);
    let time = Duration::from_secs(figure("CAPACITY_SECONDS", 8).into());
    while start.elapsed() < time || samples < 20 {
        // one of them is killed in the middle of whatever it does, a sweep perhaps
        if samples % 10 == 9 {
            writers[samples / 10 % 4] = Writer::start(fs.root());
        }
        // what comes and goes during a walk would be counted twice
        writers.iter().for_each(|writer| writer.signal("-STOP"));
        most = most.max(weigh(&fs.root().join("shop")));
        writers.iter().for_each(|writer| writer.signal("-CONT"));
        samples += 1;
    }
    for writer in &mut writers {
        assert!(writer.0.try_wait().unwrap().is_none(), "a writer has failed");
    }
    drop(writers);
    println!("at most {:.1} % of the capacity in {samples} samples", most as f64 / CAPACITY as f64 * 100.0);
    assert!(most <= CAPACITY * 11 / 10, "{most} bytes of {CAPACITY}");
    assert!(most >= CAPACITY * 3 / 4, "only {most} bytes of {CAPACITY}");
    let left = fs.capacity(CAPACITY).sweep().unwrap();
    assert!((CAPACITY / 2..=CAPACITY).contains(&left), "{left} bytes are left");
}
