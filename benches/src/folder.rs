//! Room for files, in the target folder.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Returns a folder of this program's own.
pub fn named(name: &str) -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2).unwrap_or(Path::new("target"));
    let folder = target.join("benches").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Returns a folder of this program's own, without what an earlier run has left in it.
pub fn emptied(name: &str) -> io::Result<PathBuf> {
    fs::remove_dir_all(named(name)?)?;
    named(name)
}
