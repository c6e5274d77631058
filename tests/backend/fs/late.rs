//! Writes that were given up, and go on: nobody can interrupt a system call.

use std::path::PathBuf;

use dcache_tests::poll_once;

use super::*;

/// A write of so much is under way for a while.
const LONG: usize = 32 << 20;

/// Begins a write, and gives it up as soon as its unfinished file is there.
fn give_up_a_write(fs: &Fs, key: &Key) {
    let mut write = Box::pin(Backend::set(fs, key, vec![1; LONG].into(), MONTH));
    while poll_once(&mut write).is_pending() && unfinished(fs).is_empty() {}
}

/// Lists the unfinished files; a folder may go while it is looked at.
fn unfinished(fs: &Fs) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![fs.root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else if entry.file_name().as_encoded_bytes().starts_with(b".dcache-") {
                found.push(entry.path());
            }
        }
    }
    found
}

fn let_it_end(fs: &Fs) {
    while !unfinished(fs).is_empty() {
        std::thread::yield_now();
    }
}

#[test]
fn never_come_after_a_removal() {
    let (_folder, fs) = quiet();
    for round in 0..6 {
        give_up_a_write(&fs, &key("a"));
        match round % 3 {
            0 => BlockingBackend::remove(&fs, &key("a"), BUDGET).unwrap(),
            1 => pollster::block_on(Backend::remove(&fs, &key("a"))).unwrap(),
            _ => drop(BlockingBackend::clear(&fs, key("a").scope(), BUDGET).unwrap()),
        }
        let_it_end(&fs);
        assert!(get(&fs, &key("a")).unwrap().is_none(), "round {round}");
    }
}

#[test]
fn never_come_after_a_newer_write() {
    let (_folder, fs) = quiet();
    for round in 0..4 {
        give_up_a_write(&fs, &key("a"));
        match round % 2 {
            0 => set(&fs, &key("a"), "new").unwrap(),
            _ => pollster::block_on(Backend::set(&fs, &key("a"), "new".into(), MONTH)).unwrap(),
        }
        let_it_end(&fs);
        assert!(get(&fs, &key("a")).unwrap().unwrap() == "new", "round {round}");
    }
}

#[test]
fn never_come_after_a_removal_by_who_opened_the_folder_too() {
    let (folder, fs) = quiet();
    let other = Fs::open(folder.path()).unwrap().capacity(1 << 30);
    for _ in 0..3 {
        give_up_a_write(&fs, &key("a"));
        BlockingBackend::remove(&other, &key("a"), BUDGET).unwrap();
        let_it_end(&fs);
        assert!(get(&fs, &key("a")).unwrap().is_none());
    }
}
