//! Opening the tier: which folder, and how much of it.

use std::env;
use std::fmt;
use std::io;
use std::path::{self, Path};
use std::sync::Arc;
use std::time::Duration;

use super::dir::Exposed;
use super::fault::{error, fault};
use super::folder;
use super::room::Room;
use super::root::Root;
use crate::{Error, ErrorKind, Operation};

/// Names the folder for [`Fs::open_default`].
const VARIABLE: &str = "DCACHE_FS_ROOT";

/// How much room objects may take unless said otherwise: 1 GiB.
const CAPACITY: u64 = 1 << 30;

/// Keeps entries as files in a folder, as many as fit into its capacity.
///
/// A clone is the same tier. Reads and writes need no lock, so any number of processes may share a folder, and the
/// capacity holds for all of them together: it is not exceeded by more than a tenth. Where more is written than can be
/// removed meanwhile, a write waits for half of its time budget, and fails with [`Full`](ErrorKind::Full) then.
///
/// What a process that was killed left unfinished is removed within a minute while any process writes into the folder.
///
/// ```
/// use std::time::Duration;
/// use dcache_backends::object::Fs;
/// use dcache_backends::{BlockingBackend, Key, Scope};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let fs = Fs::open(folder.path())?.capacity(64 << 20);
/// let key = Key::new(&Scope::new("shop", "user"), "42");
/// let budget = Duration::from_millis(250);
///
/// fs.set(&key, "Ada".into(), Some(Duration::from_secs(60)), budget)?;
/// assert_eq!(fs.get(&key, 1024, budget)?.as_deref(), Some(&b"Ada"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fs {
    pub(super) room: Arc<Room>,
}

impl Fs {
    /// How long one operation may take unless a function says otherwise: 250 ms.
    pub const TIME_BUDGET: Duration = Duration::from_millis(250);

    /// Opens a folder, which is created if it is missing, for this user only.
    ///
    /// Entries of it are deleted when they expire or when there are too many, so it must be empty or dcache's
    /// own (which `CACHEDIR.TAG` in it says). A relative path is meant from the current folder at this
    /// moment. A folder that cannot be written is opened all the same, for reading.
    ///
    /// Who can write into the folder can plant values. So on Unix it must belong to the user that this process
    /// runs as (`root` may not use another user's either), and nobody else may have permission to write to it;
    /// folders inside it are held to that at each write. Files that are not this user's, or that others can
    /// write to, are not read. Folders above it are yours to choose: where others may rename in one of them they
    /// can take the folder away, but plant nothing.
    ///
    /// Symbolic links in the path are resolved now, and no link is followed later, be it inside the folder or
    /// in place of it.
    ///
    /// # Errors
    ///
    /// [`Config`](ErrorKind::Config) if the path is no folder or one with other files in it,
    /// [`Denied`](ErrorKind::Denied) if this user may not use it, if it is another user's or if others can write
    /// to it, and otherwise what the file system says.
    ///
    /// ```
    /// use dcache_backends::ErrorKind;
    /// use dcache_backends::object::Fs;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let fs = Fs::open(folder.path().join("cache"))?;
    /// assert!(fs.root().is_dir());
    ///
    /// std::fs::write(folder.path().join("report.txt"), "not a cache")?;
    /// assert_eq!(Fs::open(folder.path()).unwrap_err().kind(), ErrorKind::Config);
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let config = |hint: &str| {
            let context = format!("`{}` {hint}", path.display());
            error(ErrorKind::Config, Operation::Connect).with_context(context)
        };
        if path.starts_with("~") {
            return Err(config("begins with `~`, which only a shell expands; write the whole path"));
        }
        let root = path::absolute(path).map_err(|_| config("is no path; name a folder"))?;
        match Root::open(&root) {
            Ok(Some(root)) => Ok(Self { room: Arc::new(Room::new(root, CAPACITY)) }),
            Ok(None) => Err(config("holds files that are not dcache's; name an empty folder")),
            Err(cause) if is_misplaced(&cause) => Err(config("is not a folder; name one")),
            Err(cause) => Err(failed(path, cause)),
        }
    }

    /// Opens the folder that the environment names.
    ///
    /// That is `DCACHE_FS_ROOT`; without it `dcache` in the user's cache folder (`$XDG_CACHE_HOME` or
    /// `~/.cache`, on macOS `~/Library/Caches`, on Windows `%LOCALAPPDATA%`); where that cannot be written,
    /// or belongs to another user, a folder of this user's own under the temporary one. Except for the first
    /// it is never one that another user could have prepared or could exchange.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), for `DCACHE_FS_ROOT` or else for the last of these folders.
    ///
    /// ```no_run
    /// let fs = dcache_backends::object::Fs::open_default()?;
    /// println!("entries are in {}", fs.root().display());
    /// # Ok::<(), dcache_backends::Error>(())
    /// ```
    pub fn open_default() -> Result<Self, Error> {
        if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Self::open(path);
        }
        if let Some(path) = folder::of_user()
            && folder::create_own(&path).is_ok()
            && let Ok(fs) = Self::open(&path)
        {
            return Ok(fs);
        }
        let path = folder::temporary().map_err(|cause| failed(&env::temp_dir(), cause))?;
        folder::create_own(&path).map_err(|cause| failed(&path, cause))?;
        Self::open(path)
    }

    /// Sets how many bytes of disk the entries may take, 1 GiB by default; each takes whole blocks of 4 KiB.
    ///
    /// It holds for this value and the clones made of it from now on. Where there is too much, the expired entries go
    /// first, then the least recently used, in the background; an entry larger than all of it is refused.
    ///
    /// When an entry was used is what the file system says of its file. Where that takes no note of reads (`noatime`,
    /// some network file systems), a read does so itself, once a minute for each entry.
    #[must_use]
    pub fn capacity(self, bytes: u64) -> Self {
        Self { room: Arc::new(Room::new(self.room.root().clone(), bytes)) }
    }

    /// Returns the folder, by its path without links.
    pub fn root(&self) -> &Path {
        self.room.root().path()
    }

    /// Removes expired entries and, above the capacity, those that were not used for the longest time; returns how
    /// many bytes of disk the rest takes.
    ///
    /// It happens by itself, on a thread in the background of one of the processes that write into the folder: when 15/16
    /// of the capacity are taken, of which it leaves 7/8, and when nobody did for an hour. Call it to clean up at a time
    /// of your choice. It takes about four seconds of processor time for a million entries, on this thread, longer where
    /// the disk has to be read for it or much has to go, and waits for a sweep that is running.
    ///
    /// # Errors
    ///
    /// What the file system says, where the folder cannot be read.
    pub fn sweep(&self) -> Result<u64, Error> {
        self.room.sweep().map_err(|cause| failed(self.root(), cause))
    }
}

/// Shows the folder and the capacity.
impl fmt::Debug for Fs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fs").field("root", &self.root()).field("capacity", &self.room.capacity()).finish()
    }
}

/// Names the folder, which is configuration and no secret.
fn failed(path: &Path, cause: io::Error) -> Error {
    let context = match cause.kind() {
        _ if Exposed::is_cause(&cause) => format!("`{}` {cause}", path.display()),
        io::ErrorKind::PermissionDenied => {
            format!("`{}`: {cause}; change its owner or permissions, or name another folder", path.display())
        }
        _ => format!("`{}`: {cause}", path.display()),
    };
    fault(Operation::Connect, cause).with_context(context)
}

fn is_misplaced(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory)
}
