//! One object: a file that is whole, private, and expires at its modification time.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::dir::{self, Dir, Kind, Link};
use super::draft::Draft;
use super::fault::{error, fault};
use super::root::Root;
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

/// Reads an object unless it is longer than `limit`. What is expired, or no plain file, or not only this user's
/// to write, is not there.
///
/// Expiry allows for no difference between clocks: the entry holds the same moment and is checked again
/// above, and to miss early costs a call, never a wrong value. Nothing is removed here: by then another
/// process may have put a fresh object in its place.
pub(super) fn read(root: &Root, name: &str, limit: usize) -> Result<Option<Bytes>, Error> {
    let failed = |cause| fault(Operation::Get, cause);
    let Some(mut file) = open(root, name).map_err(failed)? else { return Ok(None) };
    let found = file.metadata().map_err(failed)?;
    let is_due = found.modified().is_ok_and(|expiry| expiry <= now());
    if !found.is_file() || !root.owner().wrote(&found) || is_due {
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

fn open(root: &Root, name: &str) -> io::Result<Option<File>> {
    let (folder, name) = split(name);
    match dir::open_file(root.path(), folder, name) {
        Err(cause) if is_absent(&cause) => Ok(None),
        found => found,
    }
}

/// Writes an object in one step: readers see the old one or the new one. Returns whether it did: not where
/// `is_wanted` says no at the end.
pub(super) fn publish(
    root: &Root,
    name: &str,
    content: &[u8],
    expiry: SystemTime,
    is_wanted: impl Fn() -> bool,
) -> io::Result<bool> {
    let (place, object) = split(name);
    let write = |folder: Dir| {
        root.owner().keeps(&folder)?;
        let draft = Draft::create(&folder)?;
        draft.write(content, expiry)?;
        let _lane = root.lane(object.as_ref());
        let is_wanted = is_wanted();
        if is_wanted {
            draft.publish(object)?;
        }
        Ok(is_wanted)
    };
    let mut written = Dir::open(root.path(), place).and_then(write);
    for _ in 1..ATTEMPTS {
        match written {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let prepare = || root.restore().and_then(|()| Dir::make(root.path(), place));
                written = prepare().and_then(write);
            }
            _ => break,
        }
    }
    written
}

/// Removes an object; one that is not there is removed already, and none that was given up before comes after.
pub(super) fn remove(root: &Root, name: &str) -> io::Result<()> {
    let (folder, object) = split(name);
    let _lane = root.lane(object.as_ref());
    match Dir::open(root.path(), folder).and_then(|folder| remove_from(&folder, object.as_ref())) {
        Err(cause) if is_absent(&cause) => Ok(()),
        removed => removed,
    }
}

/// Removes a file from a folder, if it is there.
pub(super) fn remove_from(folder: &Dir, name: &OsStr) -> io::Result<()> {
    match folder.remove_file(name) {
        // a read-only file system refuses before it looks
        Err(refused) => match folder.look(name) {
            Err(cause) if is_absent(&cause) => Ok(()),
            Ok(found) if found.kind == Kind::Folder => Ok(()),
            _ => Err(refused),
        },
        removed => removed,
    }
}

/// Parts an object's name into its folder and its own.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

fn is_absent(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) && !Link::is_cause(cause)
}
