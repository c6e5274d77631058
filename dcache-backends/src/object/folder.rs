//! Folders: private ones, the tag that makes one dcache's own, and where the default one lies.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::draft::Draft;

/// Marks a folder as a cache, for backup programs (<https://bford.info/cachedir/>) and for the sweep.
const TAG: &str = "CACHEDIR.TAG";
const TAG_CONTENT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of dcache. Expired files in it are deleted, and all of it may be.\n";

/// Creates a folder and those above it, for this user only; leaves one alone that exists.
pub(super) fn create(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Tags an empty folder, and says whether the folder is dcache's own.
///
/// A sweep deletes files by their place and time alone, so a folder with anything else in it must never be
/// taken for a cache: `repo.git/objects/ab/` looks just like one.
pub(super) fn claim(root: &Path) -> io::Result<bool> {
    if is_claimed(root) {
        return Ok(true);
    }
    if !is_empty(root)? {
        return Ok(is_claimed(root)); // another process may have been faster
    }
    // who can only read needs no tag, and the sweep asks for it again
    let _ = Draft::create(root).and_then(|draft| {
        draft.file().write_all(TAG_CONTENT.as_bytes())?;
        draft.publish(&root.join(TAG))
    });
    Ok(true)
}

/// Says whether dcache's tag is in the folder.
pub(super) fn is_claimed(root: &Path) -> bool {
    let tag = root.join(TAG);
    let mut content = String::new();
    fs::symlink_metadata(&tag).is_ok_and(|tag| tag.is_file())
        && File::open(&tag)
            .and_then(|file| file.take(4096).read_to_string(&mut content))
            .is_ok_and(|_| content == TAG_CONTENT)
}

/// Says whether there is nothing but hidden files and what `mkfs` puts into a new file system.
fn is_empty(root: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name();
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
/// It must be this user's and writable for nobody else; all folders above it must be this user's or root's,
/// and not writable for everybody, unless only owners may rename in them (`/tmp`). That is asked before
/// anything is created too: else `sudo` with another user's `HOME` would leave a folder there.
#[cfg(unix)]
pub(super) fn create_own(folder: &Path) -> io::Result<()> {
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
    create(folder)?;
    let own = fs::symlink_metadata(folder)?; // of the folder itself, should it be a link
    if own.is_dir() && own.uid() == user && own.mode() & 0o022 == 0 { Ok(()) } else { refused() }
}

/// Creates a folder; on Windows it inherits the user's access rights.
#[cfg(not(unix))]
pub(super) fn create_own(folder: &Path) -> io::Result<()> {
    create(folder)
}

/// Returns the number of the user who owns what this process creates there. The standard library has no
/// `geteuid`; and this is what a file server makes of the user.
#[cfg(unix)]
fn user(folder: &Path) -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt;

    Ok(Draft::create(folder)?.file().metadata()?.uid())
}
