//! One object: a file that is whole, private, and expires at its modification time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::draft::Draft;
use super::fault::{error, fault};
use super::folder;
use crate::{Bytes, Error, ErrorKind, Operation, clock};

/// How often an object is written anew whose folder vanishes meanwhile, under a sweep or an `rm -r`.
const ATTEMPTS: usize = 4;

/// Returns the moment when something of this life expires; without one, in 100 years.
///
/// File systems whose calendar ends earlier (2038 on ext3 and old XFS) take the last moment that they know.
pub(super) fn expiry(life: Option<Duration>) -> SystemTime {
    now() + life.unwrap_or(clock::LONGEST).min(clock::LONGEST)
}

/// Returns the wall clock's time.
pub(super) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(clock::wall())
}

/// Reads an object unless it is longer than `limit`. What is expired, or no plain file, is not there.
///
/// Expiry allows for no difference between clocks: the entry holds the same moment and is checked again
/// above, and to miss early costs a call, never a wrong value. Nothing is removed here: by then another
/// process may have put a fresh object in its place.
pub(super) fn read(path: &Path, limit: usize) -> Result<Option<Bytes>, Error> {
    let failed = |cause| fault(Operation::Get, cause);
    let Some(mut file) = open(path).map_err(failed)? else { return Ok(None) };
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() || found.modified().is_ok_and(|expiry| expiry <= now()) {
        return Ok(None);
    }
    let mut content = Vec::new();
    match usize::try_from(found.len()) {
        Ok(length) if length <= limit && content.try_reserve_exact(length).is_ok() => {}
        _ => {
            return Err(error(ErrorKind::TooLarge, Operation::Get)
                .with_context(format!("{} bytes where {limit} are allowed", found.len())));
        }
    }
    // objects never grow: `take` saves asking whether this one did
    file.by_ref().take(found.len()).read_to_end(&mut content).map_err(failed)?;
    Ok(Some(content.into()))
}

/// Opens a plain file; neither follows a link nor waits at a pipe.
///
/// Looking before opening is one cheap call more than `O_NOFOLLOW | O_NONBLOCK`. But the standard library
/// does not name those flags, their numbers differ between systems and processors, and a wrong one fails
/// silently (x86's `O_NOFOLLOW` is arm's `O_LARGEFILE`). Only who can write into the folder could exchange
/// the file in between, and needs no such trick.
fn open(path: &Path) -> io::Result<Option<File>> {
    let found =
        fs::symlink_metadata(path).and_then(|found| found.is_file().then(|| File::open(path)).transpose());
    match found {
        Err(cause) if is_absent(&cause) => Ok(None),
        found => found,
    }
}

/// Writes an object in one step: readers see the old one or the new one.
pub(super) fn publish(root: &Path, path: &Path, content: &[u8], expiry: SystemTime) -> io::Result<()> {
    let folder = path.parent().unwrap_or(root);
    let write = || {
        let draft = Draft::create(folder)?;
        draft.write(content, expiry)?;
        draft.publish(path)
    };
    let mut written = write();
    for _ in 1..ATTEMPTS {
        match written {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                written = prepare(root, folder).and_then(|()| write());
            }
            _ => break,
        }
    }
    written
}

/// Creates the folder of an object, and the root with its tag, should it be gone.
fn prepare(root: &Path, folder: &Path) -> io::Result<()> {
    folder::create(root)?;
    folder::claim(root)?; // before there is anything else in it
    folder::create(folder)
}

/// Removes an object; one that is not there is removed already.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        // a read-only file system refuses before it looks
        Err(_) if fs::symlink_metadata(path).is_err_and(|cause| is_absent(&cause)) => Ok(()),
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) => Ok(()),
        removed => removed,
    }
}

fn is_absent(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
