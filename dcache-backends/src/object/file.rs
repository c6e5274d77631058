//! One object: a file that is whole, private, and expires at its modification time.

use std::ffi::OsStr;
use std::fs::{File, FileTimes};
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::dir::{self, Dir, Kind, Link, Times};
use super::draft::Draft;
use super::fault::{error, fault};
use super::root::Root;
use super::tally;
use crate::{Bytes, Error, ErrorKind, Operation, clock};

/// How often an object is written anew whose folder vanishes meanwhile, under a sweep or an `rm -r`.
const ATTEMPTS: usize = 4;

/// Where reading a file does not mark it as used, it is marked at most this often.
const MARK: Duration = Duration::from_secs(60);

/// So much the system may be behind in dating a change: Linux does it by the last tick of its timer, 1 to 10 ms.
const GRAIN: Duration = Duration::from_millis(100);

/// So far ahead clocks of machines that share a folder may be.
const AHEAD: Duration = Duration::from_secs(60 * 60);

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

/// Says whether an object's life is over by then, as far as its file tells.
///
/// An object is dated into the future, so that its expiry comes after the last change of the file. A date that does not
/// was given by somebody else: such a file was copied here, or out of a bucket. What its life is says the entry in it,
/// which is checked above the tier; so it does for lives of less than 100 ms.
pub(super) fn is_expired(file: &Times, by: SystemTime) -> bool {
    file.modified <= by && file.changed.is_none_or(|changed| file.modified > changed + GRAIN)
}

/// Returns when an object was last used. A moment far ahead is of a clock that was wrong, and tells nothing: else the
/// object would stay until that time has come.
pub(super) fn last_use(file: &Times, now: SystemTime) -> SystemTime {
    if file.used > now + AHEAD { UNIX_EPOCH } else { file.used }
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
    let times = dir::times(&found).map_err(failed)?;
    let now = now();
    if !found.is_file() || !root.owner().wrote(&found) || is_expired(&times, now) {
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
    mark_used(&file, &times, now);
    Ok(Some(content.into()))
}

/// Marks an object that was read as used, for the order in which a sweep removes, where the system has not done so.
///
/// Mostly it has: Linux does at each read of a file that is dated later than its last use (`relatime`), as all of ours
/// are. Not so where it is mounted with `noatime`, on some network file systems, and of copied files only once a day.
fn mark_used(file: &File, before: &Times, now: SystemTime) {
    let age = now.duration_since(before.used).unwrap_or_else(|ahead| ahead.duration());
    if age <= MARK {
        return;
    }
    let after = file.metadata().and_then(|file| dir::times(&file));
    if after.is_ok_and(|after| after.used == before.used) {
        // who may not write here is not who sweeps here
        let _ = file.set_times(FileTimes::new().set_accessed(now));
    }
}

fn open(root: &Root, name: &str) -> io::Result<Option<File>> {
    let (folder, name) = split(name);
    match dir::open_file(root.path(), folder, name) {
        Err(cause) if is_absent(&cause) => Ok(None),
        found => found,
    }
}

/// Writes an object in one step: readers see the old one or the new one. Returns how much room all objects take then, as
/// far as is known; or nothing, and writes nothing, where `is_wanted` says no at the end.
///
/// The draft lies in a folder for the drafts of all, so that those of dead writers are found without a search. Only where
/// the object's folder is on another file system it lies beside its place.
pub(super) fn publish(
    root: &Root,
    name: &str,
    content: &[u8],
    expiry: SystemTime,
    is_wanted: impl Fn() -> bool,
) -> io::Result<Option<u64>> {
    let (place, object) = split(name);
    let write = |folder: &Dir, drafts: &Dir| -> io::Result<Option<(u64, u64)>> {
        let draft = Draft::create(drafts)?;
        draft.write(content, FileTimes::new().set_accessed(self::now()).set_modified(expiry))?;
        let _lane = root.lane(object.as_ref());
        if !is_wanted() {
            return Ok(None);
        }
        let before = charge_of(folder, object);
        let mut after = 0;
        if expiry > self::now() {
            draft.publish(folder, object)?;
            after = tally::charge(content.len() as u64);
        } else {
            remove_from(folder, object.as_ref())?; // dated in the past it would not look dated at all
        }
        Ok(Some((before, after)))
    };
    let attempt = || {
        let (folder, hidden) = (Dir::open(root.path(), place)?, root.hidden()?);
        root.owner().keeps(&folder)?;
        let written = match write(&folder, &hidden) {
            Err(cause) if cause.kind() == io::ErrorKind::CrossesDevices => write(&folder, &folder)?,
            written => written?,
        };
        let Some((before, after)) = written else { return Ok(None) };
        // on a full disk this may fail; a sweep counts anew
        let _ = tally::free(&hidden, before.saturating_sub(after));
        let taken = tally::add(&hidden, after.saturating_sub(before));
        Ok(Some(taken.unwrap_or_else(|_| tally::read(&hidden))))
    };
    let mut written: io::Result<_> = attempt();
    for _ in 1..ATTEMPTS {
        match written {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let prepare = || root.restore().and_then(|()| Dir::make(root.path(), place));
                written = prepare().and_then(|_| attempt());
            }
            _ => break,
        }
    }
    written
}

/// Removes an object; one that is not there is removed already, and none that was given up before comes after.
pub(super) fn remove(root: &Root, name: &str) -> io::Result<()> {
    let (folder, object) = split(name);
    let lane = root.lane(object.as_ref());
    let remove = |folder: Dir| {
        let freed = charge_of(&folder, object);
        remove_from(&folder, object.as_ref()).map(|()| freed)
    };
    match Dir::open(root.path(), folder).and_then(remove) {
        Err(cause) if is_absent(&cause) => Ok(()),
        Ok(freed) => {
            drop(lane);
            // what is not taken off the next sweep finds out
            let _ = root.hidden().and_then(|hidden| tally::free(&hidden, freed));
            Ok(())
        }
        Err(cause) => Err(cause),
    }
}

/// Says how much room the object of this name takes.
fn charge_of(folder: &Dir, name: &str) -> u64 {
    match folder.look(name.as_ref()) {
        Ok(seen) if seen.kind == Kind::File => tally::charge(seen.length),
        _ => 0,
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
