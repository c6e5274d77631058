//! The file tier on a real file system.

mod capacity;
mod clear;
mod copied;
mod entries;
mod expiry;
#[cfg(unix)]
mod faults;
mod folder;
mod late;
mod least_used;
#[cfg(unix)]
mod links;
mod many;
#[cfg(unix)]
mod permissions;
#[cfg(unix)]
mod processes;
mod sweep;

use std::fs::{File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dcache_backends::object::Fs;
use dcache_backends::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Scope, clock};
use tempfile::TempDir;

/// Long enough for any machine; the clock of the tests never reaches the end of a `MONTH`.
const BUDGET: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const MONTH: Option<Duration> = Some(Duration::from_secs(30 * 24 * 60 * 60));

fn opened() -> (TempDir, Fs) {
    let folder = tempfile::tempdir().unwrap();
    let fs = Fs::open(folder.path()).unwrap();
    (folder, fs)
}

/// Without the sweep that the first write starts in the background; two hours ahead of the machine's clock.
fn quiet() -> (TempDir, Fs) {
    clock::advance(2 * HOUR);
    let (folder, fs) = opened();
    fs.sweep().unwrap();
    (folder, fs)
}

fn key(id: &str) -> Key {
    Key::new(&Scope::new("shop", "user"), id)
}

fn get(fs: &Fs, key: &Key) -> Result<Option<Bytes>, Error> {
    BlockingBackend::get(fs, key, usize::MAX, BUDGET)
}

fn set(fs: &Fs, key: &Key, entry: impl Into<Bytes>) -> Result<(), Error> {
    BlockingBackend::set(fs, key, entry.into(), MONTH, BUDGET)
}

fn path(fs: &Fs, key: &Key) -> PathBuf {
    fs.root().join(key.object_name())
}

/// Has a file expire: it is dated ahead of its last change, as entries are, and behind the clock of [`quiet`].
fn expire(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() + HOUR).unwrap();
}

/// Has an entry look as if it were last used so long ago.
fn used(fs: &Fs, key: &Key, ago: Duration) {
    let times = FileTimes::new().set_accessed(SystemTime::now() - ago);
    File::options().write(true).open(path(fs, key)).unwrap().set_times(times).unwrap();
}

/// Everything below a folder, links not followed.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&entry.path()));
        }
        found.push(entry.path());
    }
    found
}

fn drafts(folder: &Path) -> Vec<PathBuf> {
    let is_draft = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(".dcache-");
    tree(folder).into_iter().filter(is_draft).collect()
}
