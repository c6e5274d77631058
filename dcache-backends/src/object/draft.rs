//! An unfinished file: nobody reads it, and it is gone unless it was published.

use std::ffi::OsStr;
use std::fs::{File, FileTimes};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::dir::{self, Dir, Kind};
use crate::clock;

/// What a draft's name begins with; no object's name begins with a dot.
const PREFIX: &str = ".dcache-";

/// After this long a draft's writer is dead, unless it still holds its lock: a write takes much less.
const ABANDONED: Duration = Duration::from_secs(30);

/// An unfinished file, locked by its writer.
pub(super) struct Draft<'a> {
    file: File, // closed before the name is removed
    name: Doomed<'a>,
}

impl<'a> Draft<'a> {
    /// Creates an empty file that only this user can read.
    pub(super) fn create(folder: &'a Dir) -> io::Result<Self> {
        let name = name();
        let file = folder.create_file(&name)?;
        dir::lock(&file); // without locks its age tells
        Ok(Self { file, name: Doomed { folder, name } })
    }

    /// Returns the open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Writes the content, then the times, which a later write would change.
    pub(super) fn write(&self, content: &[u8], times: FileTimes) -> io::Result<()> {
        (&self.file).write_all(content)?;
        self.file.set_times(times)
    }

    /// Moves the file to its place in a folder, over the one that may be there.
    pub(super) fn publish(self, folder: &Dir, place: &str) -> io::Result<()> {
        let Self { file, mut name } = self;
        drop(file); // Windows is particular about renaming an open file
        name.folder.rename(&name.name, folder, place)?;
        name.name.clear();
        Ok(())
    }
}

/// The name of a file that goes with it.
struct Doomed<'a> {
    folder: &'a Dir,
    name: String,
}

impl Drop for Doomed<'_> {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            // a failure leaves an abandoned draft, which a sweep removes
            let _ = self.folder.remove_file(self.name.as_ref());
        }
    }
}

/// Makes a name that nobody else has: processes in several containers share their numbers, so it is also
/// random. It says when the draft was made, since the modification time holds the expiry.
fn name() -> String {
    static RANDOM: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(process::id()));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let nth = COUNT.fetch_add(1, Relaxed);
    format!("{PREFIX}{:x}-{:x}-{nth:x}-{:x}", clock::wall(), process::id(), *RANDOM)
}

/// Says whether this is a draft's name.
pub(super) fn is_draft(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Removes the drafts of dead writers from a folder, but from none in it, and says how many others there are.
pub(super) fn clear(folder: &Dir) -> io::Result<usize> {
    let (mut entries, mut others) = (folder.entries()?, 0);
    while let Some(entry) = entries.next(folder) {
        let (name, kind) = entry?;
        if kind == Kind::File && name.to_str().is_some_and(is_draft) {
            others += usize::from(!remove_dead(folder, &name));
        }
    }
    Ok(others)
}

/// Removes a draft if its writer is dead, and says whether it was.
///
/// A living writer holds a lock. Where there are no locks it may be robbed of its draft, and begins anew.
pub(super) fn remove_dead(folder: &Dir, name: &OsStr) -> bool {
    let Some(text) = name.to_str() else { return false };
    let is_locked = || folder.open_file(text).is_ok_and(|file| !dir::lock(&file));
    is_old(text, clock::wall()) && !is_locked() && folder.remove_file(name).is_ok()
}

/// Says whether a draft of this name was made long ago, or as long ahead by a clock that was wrong (`now` in milliseconds
/// since 1970).
fn is_old(name: &str, now: u64) -> bool {
    let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
    let made = made.and_then(|made| u64::from_str_radix(made, 16).ok());
    made.is_some_and(|made| u128::from(now.abs_diff(made)) > ABANDONED.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_old_after_half_a_minute() {
        let now = clock::wall();
        let stamped = |ms: u64| format!("{PREFIX}{ms:x}-1-0-ff");
        assert!(!is_old(&stamped(now - 30_000), now) && is_old(&stamped(now - 30_001), now));
        assert!(is_old(&stamped(now + 3_600_000), now));
        assert!(!is_old(".dcache-", now) && !is_old("object", now));
    }

    #[test]
    fn names_are_unique_and_tell_their_age() {
        let (one, other) = (name(), name());
        assert_ne!(one, other);
        assert!(is_draft(&one) && is_old(&one, clock::wall() + 30_001));
    }

    #[cfg(unix)]
    #[test]
    fn a_living_writer_keeps_its_draft() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Dir::open(&folder.path().canonicalize().unwrap(), "").unwrap();
        let mut draft = Draft::create(&folder).unwrap();
        let old = format!("{PREFIX}1-1-0-ff");
        folder.rename(&draft.name.name, &folder, &old).unwrap();
        draft.name.name.clone_from(&old);
        assert_eq!(clear(&folder).unwrap(), 1);
        let Draft { file, mut name } = draft;
        name.name.clear();
        drop(file); // as the system does it for a writer that was killed
        assert_eq!(clear(&folder).unwrap(), 0);
        assert!(folder.look(old.as_ref()).is_err());
    }
}
