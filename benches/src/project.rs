//! Small packages that depend on one of the contenders, for what it costs to build.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant, SystemTime};

use crate::folder;

/// dcache, as a dependency without its version.
pub const DCACHE: &str = concat!("dcache = { path = '", env!("CARGO_MANIFEST_DIR"), "/../dcache'");

/// A package on the disk.
pub struct Project {
    name: String,
    folder: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Writes a package of this source and this dependency, a line of its manifest. Versions are those of the
    /// benches.
    pub fn new(group: &str, name: &str, dependency: &str, source: &str) -> io::Result<Self> {
        let short: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
        let group = folder::named(group)?;
        let folder = group.join(&short);
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = \"functions\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [lib]\npath = \"lib.rs\"\n\n[dependencies]\n{dependency}\n"
            ),
        )?;
        fs::write(folder.join("lib.rs"), source)?;
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"), folder.join("Cargo.lock"))?;
        let target = group.join("target");
        Ok(Self { name: name.to_owned(), folder, target })
    }

    /// Uses a target folder that no other package uses.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.target = self.folder.join("target");
        self
    }

    /// Runs cargo without incremental compilation, which is off for what comes from a registry.
    pub fn cargo(&self, arguments: &[&str]) -> io::Result<Output> {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.folder)
            // not the one that a toolchain file in a dependency asks for
            .env("RUSTC", Path::new(env!("CARGO")).with_file_name("rustc"))
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .output()?;
        match output.status.success() {
            true => Ok(output),
            false => Err(self.failed("cargo failed", &output)),
        }
    }

    /// Checks the package though nothing has changed; not what it depends on.
    pub fn check_again(&self) -> io::Result<Duration> {
        fs::File::options().append(true).open(self.folder.join("lib.rs"))?.set_modified(SystemTime::now())?;
        let start = Instant::now();
        let output = self.cargo(&["check", "--offline"])?;
        let took = start.elapsed();
        match String::from_utf8_lossy(&output.stderr).contains("Checking functions") {
            true => Ok(took),
            false => Err(self.failed("it was not checked", &output)),
        }
    }

    /// Builds the package and all that it depends on, from nothing.
    pub fn build_from_clean(&self) -> io::Result<Duration> {
        if self.target.exists() {
            fs::remove_dir_all(&self.target)?;
        }
        let start = Instant::now();
        self.cargo(&["build", "--offline"])?;
        let took = start.elapsed();
        fs::remove_dir_all(&self.target)?;
        Ok(took)
    }

    /// Counts the crates that are built for the package, without itself.
    pub fn crates(&self) -> io::Result<usize> {
        let output = self.cargo(&["tree", "--edges=normal,build", "--prefix=none", "--format={p}"])?;
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let names =
            listed.lines().skip(1).map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty());
        let mut crates: Vec<_> = names.collect();
        crates.sort_unstable();
        crates.dedup();
        Ok(crates.len())
    }

    fn failed(&self, what: &str, output: &Output) -> io::Error {
        let said = String::from_utf8_lossy(&output.stderr);
        io::Error::other(format!("{}: {what}:\n{said}", self.name))
    }
}
