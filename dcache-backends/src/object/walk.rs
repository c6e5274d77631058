//! The objects below a folder, one at a time and without following a link.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::dir::{Dir, Entries, Kind, Link, Seen};
use super::draft;
use crate::Scope;

/// What lies in a folder of the tier; everything else in it is passed over.
pub(super) enum Found {
    /// A plain file in an object's place.
    Object(Spot),
    /// An unfinished file, perhaps of a writer that is dead.
    Draft(Spot),
    /// A folder that has been walked through.
    Folder(Spot),
}

/// A name in an open folder.
pub(super) struct Spot {
    pub(super) folder: Rc<Dir>,
    pub(super) name: OsString,
}

impl Spot {
    pub(super) fn look(&self) -> io::Result<Seen> {
        self.folder.look(&self.name)
    }
}

/// How deep objects lie: namespace, function, two characters, object.
const OBJECT: usize = 4;

/// Walks through folders, depth first; at most four are open at a time. Fails at a link in place of one that holds
/// objects, and goes on.
pub(super) struct Walk {
    open: Vec<Level>,
    /// how deep the entries of the first folder lie
    top: usize,
}

struct Level {
    folder: Rc<Dir>,
    entries: Entries,
    /// in the folder above
    name: OsString,
}

impl Level {
    fn new(folder: Dir, name: OsString) -> io::Result<Self> {
        Ok(Self { entries: folder.entries()?, folder: Rc::new(folder), name })
    }
}

impl Walk {
    /// Starts at the root.
    pub(super) fn all(root: &Path) -> io::Result<Self> {
        Ok(Self { open: vec![Level::new(Dir::open(root, "")?, OsString::new())?], top: 1 })
    }

    /// Starts at a function's folder; finds nothing where there is none.
    pub(super) fn scope(root: &Path, scope: &Scope) -> io::Result<Self> {
        let open = match Dir::open(root, &scope.object_prefix()) {
            Ok(folder) => vec![Level::new(folder, OsString::new())?],
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(cause) if cause.kind() == io::ErrorKind::NotADirectory && !Link::is_cause(&cause) => {
                Vec::new()
            }
            Err(cause) => return Err(cause),
        };
        Ok(Self { open, top: 3 })
    }

    fn enter(&mut self, folder: &Dir, name: OsString) -> io::Result<()> {
        match folder.child(&name).and_then(|folder| Level::new(folder, name)) {
            Ok(level) => self.open.push(level),
            // gone, or no folder any more
            Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(cause) => return Err(cause),
        }
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let depth = self.top + self.open.len() - 1;
            let level = self.open.last_mut()?;
            let (name, kind) = match level.entries.next(&level.folder) {
                Some(Ok(entry)) => entry,
                Some(Err(cause)) => return Some(Err(cause)),
                None => {
                    let walked = self.open.pop()?;
                    // the first folder is not the walk's to remove
                    let folder = self.open.last()?.folder.clone();
                    return Some(Ok(Found::Folder(Spot { folder, name: walked.name })));
                }
            };
            let folder = level.folder.clone();
            let Some(text) = name.to_str() else { continue };
            if kind == Kind::File && draft::is_draft(text) {
                return Some(Ok(Found::Draft(Spot { folder, name })));
            }
            if text.starts_with('.') {
                continue;
            }
            if kind == Kind::File && depth == OBJECT {
                return Some(Ok(Found::Object(Spot { folder, name })));
            }
            if kind == Kind::Link && depth == OBJECT - 1 && is_spread(text) {
                return Some(Err(Link.into()));
            }
            if kind == Kind::Folder
                && (depth < OBJECT - 1 || depth == OBJECT - 1 && is_spread(text))
                && let Err(cause) = self.enter(&folder, name)
            {
                return Some(Err(cause));
            }
        }
    }
}

/// Says whether this is a name of the two-character folders over which objects are spread.
fn is_spread(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
