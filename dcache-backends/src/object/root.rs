//! The tier's folder: where it is and whose, and the order of writes and removals in it.

use std::ffi::OsStr;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::dir::{self, Dir, Owner};
use super::draft::Draft;
use super::folder;

/// What the processes that share the folder have between them: unfinished files, how much is taken, who sweeps.
const HIDDEN: &str = ".dcache";

/// So many writes can be published at a time.
const LANES: usize = 64;

/// A folder that was found safe when it was opened. All tiers of this process in one folder share it.
pub(super) struct Root {
    /// absolute and without links
    path: PathBuf,
    owner: Owner,
    /// Whoever publishes or removes an object holds its lane: so a write that was given up before a removal
    /// began is either in its place by then, or never will be.
    lanes: [Mutex<()>; LANES],
    hasher: RandomState,
}

impl Root {
    /// Creates the folder if it is missing, and makes sure that it is this user's alone and dcache's own;
    /// returns `None` where other files are in it.
    pub(super) fn open(path: &Path) -> io::Result<Option<Arc<Self>>> {
        let path = dir::resolve(path)?;
        dir::create_all(&path)?;
        let folder = Dir::open(&path, "")?;
        let owner = Owner::of(&folder, || Draft::create(&folder)?.file().metadata())?;
        Ok(folder::claim(&folder)?.then(|| Self::shared(path, owner)))
    }

    fn shared(path: PathBuf, owner: Owner) -> Arc<Self> {
        static OPEN: Mutex<Vec<Weak<Root>>> = Mutex::new(Vec::new());
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|root| root.strong_count() > 0);
        if let Some(root) =
            open.iter().filter_map(Weak::upgrade).find(|root| root.path == path && root.owner == owner)
        {
            return root;
        }
        let lanes = [const { Mutex::new(()) }; LANES];
        let root = Arc::new(Self { path, owner, lanes, hasher: RandomState::new() });
        open.push(Arc::downgrade(&root));
        root
    }

    /// Returns the path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whom the folder belongs to.
    pub(super) fn owner(&self) -> Owner {
        self.owner
    }

    /// Creates the folder and what belongs in it, should that be gone.
    pub(super) fn restore(&self) -> io::Result<()> {
        dir::create_all(&self.path)?;
        let folder = Dir::open(&self.path, "")?;
        self.owner.keeps(&folder)?;
        folder::claim(&folder)?;
        Dir::make(&self.path, HIDDEN).map(drop)
    }

    /// Creates that folder in one that is dcache's own.
    pub(super) fn make_hidden(&self) -> io::Result<()> {
        if folder::is_claimed(&Dir::open(&self.path, "")?) {
            Dir::make(&self.path, HIDDEN)?;
        }
        Ok(())
    }

    /// Opens the folder of what processes have between them, which nobody else can write to.
    pub(super) fn hidden(&self) -> io::Result<Dir> {
        let hidden = Dir::open(&self.path, HIDDEN)?;
        self.owner.keeps(&hidden)?;
        Ok(hidden)
    }

    /// Waits for who publishes or removes an object of this name, in whatever folder, and keeps others from it.
    pub(super) fn lane(&self, name: &OsStr) -> MutexGuard<'_, ()> {
        let lane = self.hasher.hash_one(name) as usize % LANES;
        self.lanes[lane].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for all who are publishing.
    pub(super) fn pass_lanes(&self) {
        self.lanes.iter().for_each(|lane| drop(lane.lock().unwrap_or_else(PoisonError::into_inner)));
    }
}
