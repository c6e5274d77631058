//! The objects below a folder, one at a time and without following a link.

use std::fs::{self, DirEntry, ReadDir};
use std::io;
use std::path::{Path, PathBuf};

use super::draft;
use crate::Scope;

/// What lies in a folder of the tier; everything else in it is passed over.
pub(super) enum Found {
    /// A plain file in an object's place.
    Object(DirEntry),
    /// An unfinished file, perhaps of a writer that is dead.
    Draft(DirEntry),
    /// A folder that has been walked through.
    Folder(PathBuf),
}

/// How deep objects lie: namespace, function, two characters, object.
const OBJECT: usize = 4;

/// Walks through folders, depth first; at most four are open at a time.
pub(super) struct Walk {
    open: Vec<(PathBuf, ReadDir)>,
    /// how deep the entries of the first folder lie
    top: usize,
}

impl Walk {
    /// Starts at the root.
    pub(super) fn all(root: &Path) -> io::Result<Self> {
        Ok(Self { open: vec![(root.to_owned(), fs::read_dir(root)?)], top: 1 })
    }

    /// Starts at a function's folder; finds nothing where there is none.
    pub(super) fn scope(root: &Path, scope: &Scope) -> io::Result<Self> {
        let mut folder = root.to_owned();
        for name in scope.object_prefix().split_terminator('/') {
            folder.push(name);
            match fs::symlink_metadata(&folder) {
                Ok(found) if found.is_dir() => {}
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                _ => return Ok(Self { open: Vec::new(), top: OBJECT }),
            }
        }
        let entries = fs::read_dir(&folder)?;
        Ok(Self { open: vec![(folder, entries)], top: 3 })
    }

    fn enter(&mut self, entry: &DirEntry) -> io::Result<()> {
        let path = entry.path();
        match fs::read_dir(&path) {
            Ok(entries) => self.open.push((path, entries)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
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
            let entry = match self.open.last_mut()?.1.next() {
                Some(Ok(entry)) => entry,
                Some(Err(cause)) => return Some(Err(cause)),
                None => {
                    let (folder, _) = self.open.pop()?;
                    // the first folder is not the walk's to remove
                    return (!self.open.is_empty()).then_some(Ok(Found::Folder(folder)));
                }
            };
            let name = entry.file_name();
            let (Some(name), Ok(kind)) = (name.to_str(), entry.file_type()) else { continue };
            if kind.is_file() && draft::is_draft(name) {
                return Some(Ok(Found::Draft(entry)));
            }
            if name.starts_with('.') {
                continue;
            }
            if kind.is_file() && depth == OBJECT {
                return Some(Ok(Found::Object(entry)));
            }
            if kind.is_dir()
                && (depth < OBJECT - 1 || depth == OBJECT - 1 && is_spread(name))
                && let Err(cause) = self.enter(&entry)
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
