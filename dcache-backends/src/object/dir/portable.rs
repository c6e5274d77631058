//! Folders by their paths, each part of which is looked at before it is used.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, ReadDir};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Kind, Link, Seen, Times};

/// A folder that was there.
pub(in super::super) struct Dir(PathBuf);

impl Dir {
    /// Opens a folder below another, or that one itself if `below` is empty.
    ///
    /// No link is followed, and the first folder must not be one either.
    pub(in super::super) fn open(root: &Path, below: &str) -> io::Result<Self> {
        below
            .split_terminator('/')
            .try_fold(Self::at(root.to_owned())?, |folder, name| folder.child(name.as_ref()))
    }

    /// Opens a folder below another, creating what is missing.
    pub(in super::super) fn make(root: &Path, below: &str) -> io::Result<Self> {
        below.split_terminator('/').try_fold(Self::at(root.to_owned())?, |folder, name| match fs::create_dir(
            folder.0.join(name),
        ) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
            _ => folder.child(name.as_ref()),
        })
    }

    /// Opens a folder in this one.
    pub(in super::super) fn child(&self, name: &OsStr) -> io::Result<Self> {
        Self::at(self.0.join(name))
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_symlink() {
            return Err(Link.into());
        }
        if kind.is_dir() { Ok(Self(path)) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Creates a file that was not there.
    pub(in super::super) fn create_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.0.join(name))
    }

    /// Opens what is no folder and no link.
    pub(in super::super) fn open_file(&self, name: &str) -> io::Result<File> {
        let path = self.0.join(name);
        match Kind::from(fs::symlink_metadata(&path)?.file_type()) {
            Kind::File => File::open(path),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Opens a file to which everything is appended, and creates it if it is missing.
    pub(in super::super) fn append_to(&self, name: &str) -> io::Result<File> {
        // what is only appended to cannot be made shorter on Windows
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(self.0.join(name))?;
        file.seek(SeekFrom::End(0))?;
        Ok(file)
    }

    /// Moves a file to another folder, over the one that may be there.
    pub(in super::super) fn rename(&self, from: &str, folder: &Self, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), folder.0.join(to))
    }

    pub(in super::super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// Removes a folder, which fails unless it is empty.
    pub(in super::super) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(name))
    }

    pub(in super::super) fn look(&self, name: &OsStr) -> io::Result<Seen> {
        let found = fs::symlink_metadata(self.0.join(name))?;
        Ok(Seen { kind: found.file_type().into(), length: found.len(), times: times(&found)? })
    }

    /// Lists what is in the folder.
    pub(in super::super) fn entries(&self) -> io::Result<Entries> {
        fs::read_dir(&self.0).map(Entries)
    }
}

/// Names and kinds of what is in a folder, hidden things too.
pub(in super::super) struct Entries(ReadDir);

impl Entries {
    /// Returns the next one.
    pub(in super::super) fn next(&mut self, _dir: &Dir) -> Option<io::Result<(OsString, Kind)>> {
        self.0.next().map(|entry| {
            let entry = entry?;
            Ok((entry.file_name(), entry.file_type().map_or(Kind::Other, Kind::from)))
        })
    }
}

/// Opens a file below a folder; fails with [`Link`] where a folder on the way is one, and returns `None` where
/// the file itself is one.
pub(in super::super) fn open_file(root: &Path, folder: &str, name: &str) -> io::Result<Option<File>> {
    match Dir::open(root, folder)?.open_file(name) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

/// Says that nobody has locked the file: who dies, or sweeps at the same time, is told by dates alone.
pub(in super::super) fn lock(_file: &File) -> bool {
    true
}

/// Returns the times of an open file.
pub(in super::super) fn times(file: &Metadata) -> io::Result<Times> {
    let modified = file.modified()?;
    Ok(Times { modified, changed: None, used: file.accessed().unwrap_or(modified) })
}

/// Creates a folder and those above it; it inherits the user's access rights.
pub(in super::super) fn create_all(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Returns the path as it is: a verbatim one, as which Windows names the real path, takes no `/`.
pub(in super::super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    Ok(path.to_owned())
}

/// Whom a folder belongs to is left to the access rights that it inherits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Owner;

impl Owner {
    pub(in super::super) fn of(
        _root: &Dir,
        _created: impl FnOnce() -> io::Result<Metadata>,
    ) -> io::Result<Self> {
        Ok(Self)
    }

    pub(in super::super) fn keeps(self, _folder: &Dir) -> io::Result<()> {
        Ok(())
    }

    pub(in super::super) fn wrote(self, _file: &Metadata) -> bool {
        true
    }
}
