//! A folder that is deleted, exchanged or opened to others underneath.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::*;

const LINKED: Fault = Fault {
    log: "WARN tier `fs`: get: failed: a symbolic link lies where a folder belongs, and links are not followed; \
          remove it …; calls go on without it",
    ..FAILING
};

/// What is in a folder: entries, and when they expire.
fn state(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    let about = |path: PathBuf| {
        let modified = fs::symlink_metadata(&path).unwrap().modified().unwrap();
        let content = fs::read(&path).unwrap();
        (path, (content, modified))
    };
    objects(folder).into_iter().map(about).collect()
}

#[test]
fn deleted() {
    Fault {
        name: "folder deleted underneath",
        cause: "`rm -r` of the whole folder, root and all, after each write",
        ..LOSING
    }
    .measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        let hits = hits(&mut calls);
        // the sweep that the first write began may just hold it
        calls.survive_entries(|| while fs::remove_dir_all(fs.root()).is_err() {});
        assert_eq!(super::hits(&mut calls), hits);
        calls.recover();
    });
}

/// Has a folder of the tier become a link to what it was, which has to stay so.
fn becomes_a_link(fault: Fault, place: fn(&Fs) -> PathBuf) {
    fault.measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        fs.sweep().unwrap();
        let target = outer.path().join("target");
        fs::rename(place(&fs), &target).unwrap();
        symlink(&target, place(&fs)).unwrap();
        let before = state(&target);
        calls.survive();
        calls.each(|caller| assert!(caller.clear().is_err()));
        let _ = fs.sweep();
        assert_eq!(state(&target), before);
        assert!(!before.is_empty());
        fs::remove_file(place(&fs)).unwrap();
        calls.recover();
    });
}

#[test]
fn replaced_by_a_link_inside() {
    let fault = Fault {
        name: "folder inside replaced by a symbolic link",
        cause: "the folder of the namespace becomes a link to one with the same entries, which stays as it was",
        ..LINKED
    };
    becomes_a_link(fault, namespace);
}

#[test]
fn replaced_by_a_link() {
    let fault = Fault {
        name: "root replaced by a symbolic link",
        cause: "the folder itself becomes a link to another cache, which stays as it was",
        ..LINKED
    };
    becomes_a_link(fault, |fs| fs.root().to_owned());
}

#[test]
fn replaced_by_a_file() {
    Fault {
        name: "folder inside replaced by a file",
        cause: "the folder of the namespace becomes a plain file",
        breaker: OpensForWrites,
        log: "WARN tier `fs`: set: unavailable: Not a directory …; calls go on without it",
        ..FAILING
    }
    .measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        fs.sweep().unwrap();
        fs::remove_dir_all(namespace(&fs)).unwrap();
        fs::write(namespace(&fs), "in the way").unwrap();
        calls.survive();
        assert_eq!(fs::read_to_string(namespace(&fs)).unwrap(), "in the way");
        fs::remove_file(namespace(&fs)).unwrap();
        calls.recover();
    });
}

#[test]
fn opened_to_others() {
    Fault {
        name: "folder opened to others",
        cause: "`chmod -R 777` of all folders while they are in use",
        breaker: OpensForWrites,
        log: "WARN tier `fs`: set: denied: a folder of the tier can be written by other users (its mode is 0777), \
              who could plant values; `chmod go-w` it, or name another folder …; calls go on without it",
        ..FAILING
    }
    .measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        fs.sweep().unwrap();
        // new keys have folders of their own, in which nobody else can write
        for first in 0..256 {
            for function in ["fault_sync", "fault_async"] {
                fs::create_dir_all(namespace(&fs).join(function).join(format!("{first:02x}"))).unwrap();
            }
        }
        let allow = |mode| {
            let find = std::process::Command::new("chmod").arg("-R").arg(mode).arg(namespace(&fs)).status();
            assert!(find.unwrap().success());
        };
        allow("777");
        calls.survive();
        allow("700");
        calls.recover();
    });
}

#[test]
fn exchanged_by_another_user() {
    let fault = Fault {
        name: "root exchanged by another user",
        cause: "the folder becomes one of another user's, who may rename in the folder above it; nothing is put there",
        breaker: OpensForWrites,
        log: "WARN tier `fs`: set: denied: a folder of the tier belongs to user 12345, who could plant values, while \
              this process runs as user 0; `chown 0` it, or name another folder …; calls go on without it",
        ..FAILING
    };
    if !is_root() {
        return fault.leave_out("it takes root to give a folder to another user");
    }
    fault.measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        fs.sweep().unwrap();
        fs::rename(fs.root(), outer.path().join("aside")).unwrap();
        fs::create_dir(fs.root()).unwrap();
        chown(fs.root(), Some(12345), None).unwrap();
        calls.survive();
        assert_eq!(fs::read_dir(fs.root()).unwrap().count(), 0);
        fs::remove_dir(fs.root()).unwrap();
        calls.recover();
    });
}
