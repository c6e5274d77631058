//! A disk, a folder or an object that fails, enemies of it, and writers that were killed.

mod disk;
mod folder;
mod names;
mod object;
mod power;
mod rights;
mod writer;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dcache::Fs;

use crate::calls::Calls;
use crate::fault::Breaker::{Opens, OpensForWrites, StaysClosed};
use crate::fault::Counter::{Errors, Misses};
use crate::fault::{Fault, Group};

/// Reads and writes fail.
const FAILING: Fault =
    Fault { group: Group::Files, name: "", cause: "", breaker: Opens, counter: Errors, log: "" };

/// Entries go away, and nothing is wrong.
const LOSING: Fault = Fault { breaker: StaysClosed, counter: Misses, ..FAILING };

fn open(root: &Path) -> Fs {
    Fs::open(root).unwrap()
}

/// Where the entries of all functions lie.
fn namespace(fs: &Fs) -> PathBuf {
    fs.root().join("dcache")
}

/// All entries below a folder, links not followed.
fn objects(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && entry.file_name() != ".dcache" => {
                found.extend(objects(&entry.path()))
            }
            Ok(kind) if kind.is_file() && entry.file_name() != "CACHEDIR.TAG" => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// How often the tier had what it was asked for.
fn hits(calls: &mut Calls) -> u64 {
    let mut hits = 0;
    calls.each(|caller| hits += caller.tier().hits);
    hits
}

fn is_root() -> bool {
    fs::metadata("/proc/self").or_else(|_| fs::metadata("/dev/fd/0")).is_ok_and(|own| own.uid() == 0)
}
