//! File systems of a test's own, where root may mount them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A file system in a folder; unmounted when dropped, whatever else failed.
pub struct Mount {
    folder: PathBuf,
    /// The folder, where it is the mount's own.
    _own: Option<TempDir>,
    /// Held by a disk that hangs: who has it should answer.
    hung: Option<File>,
}

impl Mount {
    /// Mounts a file system in memory, with such options; says why where that cannot be.
    pub fn tmpfs(options: &str) -> Result<Self, String> {
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"])
    }

    /// Covers a folder with a file system in memory.
    pub fn tmpfs_over(folder: &Path, options: &str) -> Result<Self, String> {
        run(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder))?;
        Ok(Self { folder: folder.to_owned(), _own: None, hung: None })
    }

    /// Mounts the file system in a file.
    pub fn image(image: &Path, options: &str) -> Result<Self, String> {
        let image = image.to_str().expect("a plain path");
        Self::new(&["-o", &format!("loop,{options}"), image])
    }

    fn new(arguments: &[&str]) -> Result<Self, String> {
        let own = tempfile::tempdir().map_err(said)?;
        run(Command::new("mount").args(arguments).arg(own.path()))?;
        Ok(Self { folder: own.path().to_owned(), _own: Some(own), hung: None })
    }

    /// Covers a folder with a disk that hangs: a FUSE file system whose server never answers.
    pub fn hung(folder: &Path) -> Result<Self, String> {
        let server = OpenOptions::new().read(true).write(true).open("/dev/fuse").map_err(said)?;
        let mut mount = Command::new("mount");
        mount
            .args(["-i", "-t", "fuse", "-o", "fd=0,rootmode=40000,user_id=0,group_id=0", "hung"])
            .arg(folder);
        run(mount.stdin(Stdio::from(server.try_clone().map_err(said)?)))?;
        Ok(Self { folder: folder.to_owned(), _own: None, hung: Some(server) })
    }

    /// Ends the server of a disk that hangs: whoever waits for it has an error, and so has everybody else.
    pub fn abandon(&mut self) {
        self.hung = None;
    }

    /// Returns the folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Changes the options; waits while somebody in the background has a file open for writing, which keeps it from
    /// becoming read-only.
    pub fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let remount = || run(Command::new("mount").args(["-o", &options]).arg(&self.folder));
        let start = Instant::now();
        let mut remounted = remount();
        while remounted.is_err() && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
            remounted = remount();
        }
        remounted.expect("remounting");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.abandon();
        // at once, whoever is still in it
        let _ = run(Command::new("umount").arg("-l").arg(&self.folder));
    }
}

fn said(cause: io::Error) -> String {
    cause.to_string()
}

/// Runs a program; says what it said where it failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let done = command.output().map_err(|cause| format!("{:?}: {cause}", command.get_program()))?;
    let text = String::from_utf8_lossy(&done.stderr);
    done.status.success().then_some(()).ok_or_else(|| text.lines().next().unwrap_or_default().to_owned())
}
