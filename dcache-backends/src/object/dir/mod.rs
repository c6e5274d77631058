//! An open folder. What is done in it is done in that very folder, wherever its path leads by then, and never
//! through a link.
//!
//! On Unix it is a descriptor of the folder (`unix.rs`), and the kernel follows no link on the way to it. Other
//! systems (`portable.rs`) look at each part of a path first; who could exchange one between the look and the use
//! is this user.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(super) use unix::{Dir, Entries, Owner, create_all, lock, open_file, resolve, times};

#[cfg(not(unix))]
mod portable;
#[cfg(not(unix))]
pub(super) use portable::{Dir, Entries, Owner, create_all, lock, open_file, resolve, times};

use std::error;
use std::fmt;
use std::fs::FileType;
use std::io;
use std::time::SystemTime;

/// What lies under a name in a folder.
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) length: u64,
    pub(super) times: Times,
}

/// What the file system keeps of a file's past, and of its future.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// Set by who writes; of an object its expiry.
    pub(super) modified: SystemTime,
    /// Set by the system at each change, that of `modified` included; not on every system.
    pub(super) changed: Option<SystemTime>,
    /// When it was last read, as far as the file system says.
    pub(super) used: SystemTime,
}

/// What kind of thing that is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    Other,
}

impl From<FileType> for Kind {
    fn from(kind: FileType) -> Self {
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Folder
        } else if kind.is_symlink() {
            Self::Link
        } else {
            Self::Other
        }
    }
}

/// Why a path of the tier is not used: there is a link on it.
#[derive(Debug)]
pub(super) struct Link;

impl Link {
    /// Says whether this is why something failed.
    pub(super) fn is_cause(cause: &io::Error) -> bool {
        cause.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a symbolic link lies where a folder belongs, and links are not followed")
    }
}

impl error::Error for Link {}

impl From<Link> for io::Error {
    fn from(link: Link) -> Self {
        Self::new(io::ErrorKind::NotADirectory, link)
    }
}

/// Why a folder is not used: somebody else could plant values in it.
#[derive(Debug)]
pub(super) enum Exposed {
    /// It is `owner`'s, and this process runs as `user`.
    #[cfg_attr(not(unix), allow(dead_code))]
    Owner { owner: u32, user: u32 },
    /// Its permissions let others write.
    #[cfg_attr(not(unix), allow(dead_code))]
    Mode(u32),
}

impl Exposed {
    /// Says whether this is why something failed.
    pub(super) fn is_cause(cause: &io::Error) -> bool {
        cause.get_ref().is_some_and(|cause| cause.is::<Self>())
    }
}

/// Says what to do, too.
impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner { owner, user } => write!(
                f,
                "belongs to user {owner}, who could plant values, while this process runs as user {user}; \
                 `chown {user}` it, or name another folder"
            ),
            Self::Mode(mode) => write!(
                f,
                "can be written by other users (its mode is {mode:04o}), who could plant values; \
                 `chmod go-w` it, or name another folder"
            ),
        }
    }
}

impl error::Error for Exposed {}

impl From<Exposed> for io::Error {
    fn from(exposed: Exposed) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, exposed)
    }
}
