//! Folders by their descriptors.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{self, AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Exposed, Kind, Link, Seen, Times};

/// What a folder is opened for where that needs no permission to list it.
#[cfg(any(target_os = "linux", target_os = "android"))]
const HANDLE: OFlags = OFlags::PATH;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const HANDLE: OFlags = OFlags::RDONLY;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Neither follows a link, nor waits at a pipe, nor takes a terminal.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// The permissions of others to write.
const OTHERS_WRITE: u32 = 0o022;

/// An open folder.
pub(in super::super) struct Dir(OwnedFd);

impl Dir {
    /// Opens a folder below another, or that one itself if `below` is empty; with `make` it is created, for
    /// this user only, should it be missing.
    ///
    /// No link is followed, and the first folder must not be one either.
    pub(in super::super) fn open(root: &Path, below: &str) -> io::Result<Self> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(opened) = at_once::open(root, below, HANDLE | FOLDER) {
            return opened.map(Self).map_err(failed);
        }
        let root = fs::open(root, HANDLE | FOLDER, Mode::empty()).map_err(|cause| blame(CWD, root, cause))?;
        below.split_terminator('/').try_fold(Self(root), |folder, name| folder.child(name.as_ref()))
    }

    /// Opens a folder below another, creating what is missing.
    pub(in super::super) fn make(root: &Path, below: &str) -> io::Result<Self> {
        below
            .split_terminator('/')
            .try_fold(Self::open(root, "")?, |folder, name| folder.make_child(name.as_ref()))
    }

    /// Opens a folder in this one.
    pub(in super::super) fn child(&self, name: &OsStr) -> io::Result<Self> {
        let opened = fs::openat(&self.0, name, HANDLE | FOLDER, Mode::empty());
        opened.map(Self).map_err(|cause| blame(&self.0, name, cause))
    }

    fn make_child(&self, name: &OsStr) -> io::Result<Self> {
        match fs::mkdirat(&self.0, name, Mode::RWXU) {
            Ok(()) => {
                // the umask can only take from what was asked for
                let made = fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
                if !Mode::from_raw_mode(made.st_mode).contains(Mode::RWXU) {
                    fs::chmodat(&self.0, name, Mode::RWXU, AtFlags::empty())?;
                }
            }
            Err(Errno::EXIST) => {}
            Err(cause) => return Err(cause.into()),
        }
        self.child(name)
    }

    /// Creates a file that was not there, 0600 whatever the umask.
    pub(in super::super) fn create_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?);
        // where modes are the mount's, there is nothing to change
        let _ = file.set_permissions(Permissions::from_mode(0o600));
        Ok(file)
    }

    /// Opens what is no folder and no link.
    pub(in super::super) fn open_file(&self, name: &str) -> io::Result<File> {
        Ok(File::from(fs::openat(&self.0, name, FILE, Mode::empty())?))
    }

    /// Opens a file to which everything is appended, and creates it if it is missing.
    pub(in super::super) fn append_to(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let open = || fs::openat(&self.0, name, flags, Mode::empty());
        let opened = match open() {
            Err(Errno::NOENT) => match self.create_file(name) {
                Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
                _ => open(),
            },
            opened => opened,
        };
        Ok(opened?.into())
    }

    /// Moves a file to another folder, over the one that may be there.
    pub(in super::super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.0, from, &folder.0, to)?)
    }

    pub(in super::super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes a folder, which fails unless it is empty.
    pub(in super::super) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// Returns what is under a name, without opening it: that is no use of it.
    #[allow(clippy::unnecessary_cast)] // the types of these fields differ between systems
    pub(in super::super) fn look(&self, name: &OsStr) -> io::Result<Seen> {
        let stat = fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Seen {
            kind: kind(&stat),
            length: stat.st_size.try_into().unwrap_or(0),
            times: Times {
                modified: moment(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
                changed: Some(moment(stat.st_ctime as i64, stat.st_ctime_nsec as i64)),
                used: moment(stat.st_atime as i64, stat.st_atime_nsec as i64),
            },
        })
    }

    /// Lists what is in the folder.
    pub(in super::super) fn entries(&self) -> io::Result<Entries> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Entries(fs::Dir::new(fs::openat(&self.0, c".", flags, Mode::empty())?)?))
    }
}

/// Names and kinds of what is in a folder, hidden things too.
pub(in super::super) struct Entries(fs::Dir);

impl Entries {
    /// Returns the next one; `dir` is the folder, should the file system not tell kinds.
    pub(in super::super) fn next(&mut self, dir: &Dir) -> Option<io::Result<(OsString, Kind)>> {
        loop {
            let entry = match self.0.read()? {
                Ok(entry) => entry,
                Err(cause) => return Some(Err(cause.into())),
            };
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            let kind = match entry.file_type() {
                _ if name == "." || name == ".." => continue,
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                FileType::Unknown => dir.look(name).map_or(Kind::Other, |seen| seen.kind),
                _ => Kind::Other,
            };
            return Some(Ok((name.to_owned(), kind)));
        }
    }
}

/// Opens a file below a folder; fails with [`Link`] where a folder on the way is one, and returns `None` where
/// the file itself is one.
pub(in super::super) fn open_file(root: &Path, folder: &str, name: &str) -> io::Result<Option<File>> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    match at_once::open(root, &[folder, "/", name].concat(), FILE) {
        Some(Ok(file)) => return Ok(Some(file.into())),
        Some(Err(Errno::LOOP)) | None => {} // one step after the other, to learn where
        Some(Err(cause)) => return Err(cause.into()),
    }
    let folder = Dir::open(root, folder)?;
    match fs::openat(&folder.0, name, FILE, Mode::empty()) {
        Ok(file) => Ok(Some(file.into())),
        Err(Errno::LOOP | Errno::MLINK | Errno::NXIO) => Ok(None), // `MLINK` on FreeBSD; `NXIO` of a socket
        Err(cause) => Err(cause.into()),
    }
}

/// Locks an open file against others, and says whether nobody else has. Where the file system knows no locks nobody has.
pub(in super::super) fn lock(file: &File) -> bool {
    fs::flock(file, FlockOperation::NonBlockingLockExclusive) != Err(Errno::WOULDBLOCK)
}

/// Returns the times of an open file.
pub(in super::super) fn times(file: &Metadata) -> io::Result<Times> {
    Ok(Times {
        modified: moment(file.mtime(), file.mtime_nsec()),
        changed: Some(moment(file.ctime(), file.ctime_nsec())),
        used: moment(file.atime(), file.atime_nsec()),
    })
}

/// Creates a folder and those above it that are missing, for this user only; no part of the path may be a link.
pub(in super::super) fn create_all(path: &Path) -> io::Result<()> {
    match Dir::open(path, "") {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(drop),
    }
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::NOENT.into());
    };
    create_all(above)?;
    Dir::open(above, "")?.make_child(name).map(drop)
}

/// Returns a path without links, which may end in folders that are still missing.
pub(in super::super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    for existing in path.ancestors() {
        let mut real = match std::fs::canonicalize(existing) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !existing.is_symlink() => continue,
            found => found?,
        };
        for missing in path.strip_prefix(existing).unwrap_or(path).components() {
            match missing {
                Component::ParentDir => drop(real.pop()), // of one that will be no link
                name => real.push(name),
            }
        }
        return Ok(real);
    }
    Err(Errno::NOENT.into())
}

/// Whom a folder of the tier, and every object in it, must belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Owner(u32);

impl Owner {
    /// Finds out whom the folder belongs to, who must be this process's user, and that nobody else can write.
    ///
    /// The user is also who the file system says that it is, of a file that this process creates: a file server
    /// may have numbers of its own.
    pub(in super::super) fn of(
        root: &Dir,
        created: impl FnOnce() -> io::Result<Metadata>,
    ) -> io::Result<Self> {
        let (stat, user) = (fs::fstat(&root.0)?, rustix::process::geteuid().as_raw());
        let owner = Self(stat.st_uid);
        if owner.0 != user && !created().is_ok_and(|file| file.uid() == owner.0) {
            return Err(Exposed::Owner { owner: owner.0, user }.into());
        }
        owner.keeps(root)?;
        Ok(owner)
    }

    /// Fails unless the folder is this user's, and nobody else can write into it.
    pub(in super::super) fn keeps(self, folder: &Dir) -> io::Result<()> {
        let stat = fs::fstat(&folder.0)?;
        #[allow(clippy::useless_conversion)] // some systems have 16 bits
        let mode = u32::from(stat.st_mode) & 0o7777;
        if stat.st_uid != self.0 {
            return Err(Exposed::Owner { owner: stat.st_uid, user: self.0 }.into());
        }
        if mode & OTHERS_WRITE != 0 {
            return Err(Exposed::Mode(mode).into());
        }
        Ok(())
    }

    /// Says whether a file can only have been written by this user.
    pub(in super::super) fn wrote(self, file: &Metadata) -> bool {
        file.uid() == self.0 && file.mode() & OTHERS_WRITE == 0
    }
}

/// Opening a path in one system call in which no part may be a link, the folders above the root included.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod at_once {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

    use rustix::fs::ResolveFlags;

    use super::*;

    /// Returns `None` where the kernel is older than 5.6, or a container refuses the call.
    pub(super) fn open(root: &Path, below: &str, flags: OFlags) -> Option<rustix::io::Result<OwnedFd>> {
        static IS_MISSING: AtomicBool = AtomicBool::new(false);
        if IS_MISSING.load(Relaxed) {
            return None;
        }
        let path = [root.as_os_str().as_bytes(), b"/", below.as_bytes()].concat();
        // of the two flags the one says "is no folder" of a link where the other says that it is a link
        let flags = flags.difference(OFlags::NOFOLLOW);
        match fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
            Err(Errno::NOSYS | Errno::PERM) => {
                IS_MISSING.store(true, Relaxed);
                None
            }
            opened => Some(opened),
        }
    }
}

fn failed(cause: Errno) -> io::Error {
    if cause == Errno::LOOP { Link.into() } else { cause.into() }
}

/// Systems differ in what they call a link where a folder was wanted.
fn blame(folder: impl rustix::fd::AsFd, name: impl rustix::path::Arg, cause: Errno) -> io::Error {
    match cause {
        Errno::NOTDIR | Errno::MLINK => match fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => Link.into(),
            _ => cause.into(),
        },
        _ => failed(cause),
    }
}

fn kind(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

fn moment(seconds: i64, nanoseconds: i64) -> SystemTime {
    let (whole, rest) =
        (Duration::from_secs(seconds.unsigned_abs()), Duration::from_nanos(nanoseconds.unsigned_abs()));
    if seconds < 0 { UNIX_EPOCH - whole + rest } else { UNIX_EPOCH + whole + rest }
}
