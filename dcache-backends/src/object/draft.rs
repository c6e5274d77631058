//! An unfinished file: nobody reads it, and it is gone unless it was published.

use std::fs::{File, FileTimes};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::dir::Dir;
use crate::clock;

/// What a draft's name begins with; no object's name begins with a dot.
const PREFIX: &str = ".dcache-";

/// After this long a draft's writer is dead: it holds a draft for the time of one write.
const ABANDONED: Duration = Duration::from_secs(60);

/// An unfinished file beside its place. In the same folder, because a rename across folders takes a lock of
/// the whole file system on Linux, and fails where a folder is a mount of its own.
pub(super) struct Draft<'a> {
    file: File, // closed before the name is removed
    name: Doomed<'a>,
}

impl<'a> Draft<'a> {
    /// Creates an empty file that only this user can read.
    pub(super) fn create(folder: &'a Dir) -> io::Result<Self> {
        let name = name();
        let file = folder.create_file(&name)?;
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

    /// Moves the file to its place, over the one that may be there.
    pub(super) fn publish(self, place: &str) -> io::Result<()> {
        let Self { file, mut name } = self;
        drop(file); // Windows is particular about renaming an open file
        name.folder.rename(&name.name, place)?;
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

/// Says whether this is the name of a draft whose writer is dead: made a minute ago, or a minute ahead by a
/// clock that was wrong (`now` in milliseconds since 1970). A living writer that is robbed of its draft begins anew.
pub(super) fn is_abandoned(name: &str, now: u64) -> bool {
    let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
    let made = made.and_then(|made| u64::from_str_radix(made, 16).ok());
    made.is_some_and(|made| u128::from(now.abs_diff(made)) > ABANDONED.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_abandoned_after_a_minute() {
        let now = clock::wall();
        let stamped = |ms: u64| format!("{PREFIX}{ms:x}-1-0-ff");
        assert!(!is_abandoned(&stamped(now - 60_000), now) && is_abandoned(&stamped(now - 60_001), now));
        assert!(is_abandoned(&stamped(now + 3_600_000), now));
        assert!(!is_abandoned(".dcache-", now) && !is_abandoned("object", now));
    }

    #[test]
    fn names_are_unique_and_tell_their_age() {
        let (one, other) = (name(), name());
        assert_ne!(one, other);
        assert!(is_draft(&one) && is_abandoned(&one, clock::wall() + 60_001));
    }
}
