//! A disk that is full, read-only, hung or gone, or has an old calendar.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use dcache_tests::mount::{Mount, run};

use super::*;

const WRITES_FAIL: Fault = Fault {
    log: "WARN tier `fs`: set: full: No space left on device …; free some room, or lower `capacity` …; calls go on \
          without it",
    breaker: OpensForWrites,
    ..FAILING
};

/// Leaves a fault out where there is no such mount, and says why.
fn with(fault: Fault, mounted: Result<Mount, String>) -> Option<Mount> {
    mounted.inspect_err(|why| fault.leave_out(&format!("it takes root to mount a file system: {why}"))).ok()
}

#[test]
fn full() {
    let fault = Fault {
        name: "disk full",
        cause: "a tmpfs of 1 MiB that a file of another program's fills",
        ..WRITES_FAIL
    };
    let Some(mount) = with(fault, Mount::tmpfs("size=1m,mode=700")) else { return };
    fault.measure(|trial| {
        let fs = open(&mount.path().join("cache"));
        let mut calls = trial.calls(|| fs.clone()).of_length(50_000);
        calls.work();
        let ballast = mount.path().join("ballast");
        let mut file = File::create(&ballast).unwrap();
        while file.write_all(&[1; 1024]).is_ok() {}
        drop(file); // whose room would stay taken
        calls.survive();
        fs::remove_file(ballast).unwrap();
        calls.recover();
    });
}

#[test]
fn without_inodes() {
    let fault = Fault {
        name: "inodes used up",
        cause: "a tmpfs of 64 inodes (`nr_inodes`) that empty files of another program's use up",
        ..WRITES_FAIL
    };
    let Some(mount) = with(fault, Mount::tmpfs("nr_inodes=64,mode=700")) else { return };
    fault.measure(|trial| {
        let fs = open(&mount.path().join("cache"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        let ballast = mount.path().join("ballast");
        fs::create_dir(&ballast).unwrap();
        for n in 0.. {
            if File::create(ballast.join(n.to_string())).is_err() {
                break;
            }
        }
        calls.survive();
        fs::remove_dir_all(ballast).unwrap();
        calls.recover();
    });
}

#[test]
fn read_only() {
    let fault = Fault {
        name: "read-only file system",
        cause: "`mount -o remount,ro` of the tmpfs while it is in use",
        log: "WARN tier `fs`: set: read-only: Read-only file system …; calls go on without it",
        breaker: OpensForWrites,
        ..FAILING
    };
    let Some(mount) = with(fault, Mount::tmpfs("mode=700")) else { return };
    fault.measure(|trial| {
        mount.remount("rw");
        let fs = open(mount.path());
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        fs.sweep().unwrap(); // a sweep that runs would keep the disk from becoming read-only
        mount.remount("ro");
        calls.survive();
        mount.remount("rw");
        calls.recover();
    });
}

#[test]
fn hung() {
    let fault = Fault {
        name: "hung disk",
        cause: "a FUSE file system over the folder, whose server never answers; asynchronous callers: what a \
                synchronous one waits for nobody can interrupt",
        log: "WARN tier `fs`: get: timed out …; calls go on without it",
        ..FAILING
    };
    let root = tempfile::tempdir().unwrap();
    if let Some(mut hung) = with(fault, Mount::hung(root.path())) {
        hung.abandon();
    } else {
        return;
    }
    fault.measure(|trial| {
        let fs = open(root.path());
        let mut calls = trial.calls(|| fs.clone()).only_async();
        calls.work();
        let hung = Mount::hung(&namespace(&fs)).unwrap();
        calls.survive();
        drop(hung);
        calls.recover();
    });
}

#[test]
fn gone() {
    let fault = Fault {
        name: "disk gone",
        cause: "a FUSE file system over the folder, whose server has ended",
        log: "WARN tier `fs`: get: unavailable: Transport endpoint is not connected …; calls go on without it",
        ..FAILING
    };
    let root = tempfile::tempdir().unwrap();
    if with(fault, Mount::hung(root.path())).is_none() {
        return;
    }
    fault.measure(|trial| {
        let fs = open(root.path());
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        let mut gone = Mount::hung(&namespace(&fs)).unwrap();
        gone.abandon();
        calls.survive();
        drop(gone);
        calls.recover();
    });
}

/// Creates a file with a file system in it.
pub(super) fn format(image: &Path, size: u64, options: &[&str]) -> Result<(), String> {
    File::create(image).and_then(|file| file.set_len(size)).map_err(|cause| cause.to_string())?;
    run(Command::new("mkfs.ext4").arg("-q").args(options).arg(image))
}

#[test]
fn with_an_old_calendar() {
    let fault = Fault {
        name: "file system with an old calendar",
        cause: "ext4 with inodes of 128 bytes, which keeps times in whole seconds and until 2038 only; entries are \
                found again, and only the first call of each key misses",
        ..LOSING
    };
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    if let Err(why) = format(&image, 8 << 20, &["-I", "128"]) {
        return fault.leave_out(&format!("it takes mkfs.ext4: {why}"));
    }
    let Some(mount) = with(fault, Mount::image(&image, "noatime")) else { return };
    fs::set_permissions(mount.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let file = File::create(mount.path().join(".probe")).unwrap();
    let late = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1 << 43); // in the year 2248
    file.set_modified(late).unwrap();
    assert_ne!(file.metadata().unwrap().modified().unwrap(), late, "the calendar is not so old");
    fault.measure(|trial| {
        let fs = open(mount.path());
        pollster::block_on(dcache::Backend::check(&fs)).unwrap();
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        calls.survive();
        calls.recover();
        fs.sweep().unwrap();
        calls.work();
    });
}
