//! Folders: private ones, the tag that makes one dcache's own, and where the default one lies.

use std::env;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::dir::{self, Dir, Kind};
use super::draft::Draft;

/// Marks a folder as a cache, for backup programs (<https://bford.info/cachedir/>) and for the sweep.
const TAG: &str = "CACHEDIR.TAG";
const TAG_CONTENT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of dcache. Expired files in it are deleted, and all of it may be.\n";

/// Tags an empty folder, and says whether the folder is dcache's own.
///
/// A sweep deletes files by their place and time alone, so a folder with anything else in it must never be
/// taken for a cache: `repo.git/objects/ab/` looks just like one.
pub(super) fn claim(root: &Dir) -> io::Result<bool> {
    if is_claimed(root) {
        return Ok(true);
    }
    if !is_empty(root)? {
        return Ok(is_claimed(root)); // another process may have been faster
    }
    // who can only read needs no tag, and the sweep asks for it again
    let _ = Draft::create(root).and_then(|draft| {
        draft.file().write_all(TAG_CONTENT.as_bytes())?;
        // after a power cut an empty tag beside entries would make the folder nobody's
        draft.file().sync_all()?;
        draft.publish(root, TAG)
    });
    Ok(true)
}

/// Says whether dcache's tag is in the folder.
pub(super) fn is_claimed(root: &Dir) -> bool {
    let mut content = String::new();
    root.look(TAG.as_ref()).is_ok_and(|tag| tag.kind == Kind::File)
        && root
            .open_file(TAG)
            .and_then(|file| file.take(4096).read_to_string(&mut content))
            .is_ok_and(|_| content == TAG_CONTENT)
}

/// Says whether there is nothing but hidden files and what `mkfs` puts into a new file system.
fn is_empty(root: &Dir) -> io::Result<bool> {
    let mut entries = root.entries()?;
    while let Some(entry) = entries.next(root) {
        let (name, _) = entry?;
        if name != "lost+found" && !name.as_encoded_bytes().starts_with(b".") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns dcache's folder in the user's cache folder, where the environment names one.
pub(super) fn of_user() -> Option<PathBuf> {
    let variable = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        variable("HOME").map(|home| home.join("Library/Caches"))
    } else {
        variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))
    };
    caches.map(|caches| caches.join("dcache"))
}

/// Returns this user's folder under the temporary one: the name holds the user's number, so that two users
/// don't get into each other's way.
#[cfg(unix)]
pub(super) fn temporary() -> io::Result<PathBuf> {
    let parent = env::temp_dir();
    Ok(parent.join(format!("dcache-{}", user(&parent)?)))
}

/// Returns this user's folder under the temporary one, which is the user's own on Windows.
#[cfg(not(unix))]
pub(super) fn temporary() -> io::Result<PathBuf> {
    Ok(env::temp_dir().join("dcache"))
}

/// Creates a folder that no other user can have prepared, or can exchange.
///
/// All folders above it must be this user's or root's, and not writable for everybody, unless only owners may
/// rename in them (`/tmp`). That is asked before anything is created: else `sudo` with another user's `HOME`
/// would leave a folder there. Opening it asks the rest, but for this: it must be no link.
#[cfg(unix)]
pub(super) fn create_own(folder: &Path) -> io::Result<()> {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let refused = || Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user can write there"));
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let user = user(existing)?;
    let roots = [0, fs::metadata("/")?.uid()]; // in a user namespace the root folder may not be root's
    for above in existing.ancestors().skip(usize::from(existing == folder)) {
        let above = fs::metadata(above)?;
        let is_sticky = above.mode() & 0o1000 != 0;
        if above.uid() != user && !roots.contains(&above.uid()) || above.mode() & 0o002 != 0 && !is_sticky {
            return refused();
        }
    }
    dir::create_all(&dir::resolve(folder)?)?;
    let own = fs::symlink_metadata(folder)?;
    if own.is_dir() && own.uid() == user && own.mode() & 0o022 == 0 { Ok(()) } else { refused() }
}

/// Creates a folder; on Windows it inherits the user's access rights.
#[cfg(not(unix))]
pub(super) fn create_own(folder: &Path) -> io::Result<()> {
    dir::create_all(folder)
}

/// Returns the number of the user who owns what this process creates there, which is what a file server makes
/// of the user.
#[cfg(unix)]
fn user(folder: &Path) -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt;

    let folder = Dir::open(&dir::resolve(folder)?, "")?;
    Ok(Draft::create(&folder)?.file().metadata()?.uid())
}
