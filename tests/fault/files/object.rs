//! What may lie where an entry belongs.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use dcache_tests::mount::run;

use super::*;

/// An entry that is found to be damaged.
const DAMAGED: Fault = Fault {
    breaker: StaysClosed,
    counter: Errors,
    log: "WARN tier `fs` had a bad entry, …; it is removed",
    ..FAILING
};

/// Measures a fault of single entries: something is done to each before it is read again.
fn spoil(fault: Fault, spoil: impl Fn(&Path)) {
    fault.measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone()).of_length(1000); // more than there is about a value
        calls.work();
        fs.sweep().unwrap();
        let hits = hits(&mut calls);
        let spoilt: RefCell<HashSet<_>> = RefCell::new(objects(&namespace(&fs)).into_iter().collect());
        calls.survive_entries(|| {
            // the newest, which is read next
            for object in objects(&namespace(&fs)) {
                if spoilt.borrow_mut().insert(object.clone()) {
                    spoil(&object);
                }
            }
        });
        assert_eq!(super::hits(&mut calls), hits, "nothing that was put there is read");
        calls.recover();
    });
}

/// Puts something in the place of an entry.
fn replace(object: &Path, by: impl FnOnce(&Path)) {
    fs::remove_file(object).unwrap();
    by(object);
}

fn rewrite(object: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let (expiry, mut content) =
        (fs::metadata(object).unwrap().modified().unwrap(), fs::read(object).unwrap());
    change(&mut content);
    fs::write(object, content).unwrap();
    File::options().write(true).open(object).unwrap().set_modified(expiry).unwrap();
}

#[test]
fn a_folder() {
    let fault = Fault {
        name: "entry replaced by a folder",
        cause: "a folder of the entry's name",
        log: "WARN tier `fs`: set: failed: Is a directory …; a folder lies where the entry belongs, remove it …; \
              calls go on without it",
        counter: Errors,
        ..LOSING
    };
    spoil(fault, |object| {
        replace(object, |place| fs::create_dir(place).unwrap());
    });
}

#[test]
fn a_pipe() {
    let fault = Fault {
        name: "entry replaced by a pipe",
        cause: "`mkfifo`, and nobody ever writes into it",
        ..LOSING
    };
    spoil(fault, |object| replace(object, |place| run(Command::new("mkfifo").arg(place)).unwrap()));
}

#[test]
fn a_socket() {
    let fault = Fault { name: "entry replaced by a socket", cause: "a Unix socket of its name", ..LOSING };
    let elsewhere = tempfile::tempdir().unwrap();
    spoil(fault, |object| {
        replace(object, |place| {
            // the name of a socket may be a hundred bytes long when it is bound
            let short = elsewhere.path().join("s");
            drop(UnixListener::bind(&short).unwrap());
            // and it may be a file system of its own
            fs::rename(&short, place).or_else(|_| UnixListener::bind(place).map(drop)).unwrap();
        });
    });
}

#[test]
fn a_device() {
    let fault = Fault {
        name: "entry replaced by a device",
        cause: "`mknod` of one that gives zeros without end (`/dev/zero`)",
        ..LOSING
    };
    let probe = tempfile::tempdir().unwrap();
    let node = |place: &Path| run(Command::new("mknod").arg(place).args(["c", "1", "5"]));
    if let Err(why) = node(&probe.path().join("zero")) {
        return fault.leave_out(&format!("it takes root to make a device: {why}"));
    }
    spoil(fault, |object| replace(object, |place| node(place).unwrap()));
}

#[test]
fn a_link() {
    let fault = Fault {
        name: "entry replaced by a symbolic link",
        cause: "a link to another function's valid entry of the same value, which stays as it was",
        ..LOSING
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    spoil(fault, |object| {
        let expiry = fs::metadata(object).unwrap().modified().unwrap();
        fs::rename(object, &target).or_else(|_| fs::copy(object, &target).map(drop)).unwrap();
        let _ = fs::remove_file(object);
        let before = fs::read(&target).unwrap();
        File::options().write(true).open(&target).unwrap().set_modified(expiry).unwrap();
        symlink(&target, object).unwrap();
        assert_eq!(fs::read(&target).unwrap(), before);
    });
    assert!(fs::read(&target).unwrap().len() > 40, "the last entry is still there, whole");
}

#[test]
fn an_empty_file() {
    let fault =
        Fault { name: "entry emptied", cause: "a file of no bytes, as a power cut may leave it", ..DAMAGED };
    spoil(fault, |object| rewrite(object, Vec::clear));
}

#[test]
fn half_of_it() {
    let fault = Fault { name: "entry truncated", cause: "a file of half the bytes", ..DAMAGED };
    spoil(fault, |object| rewrite(object, |content| content.truncate(content.len() / 2)));
}

#[test]
fn a_flipped_bit() {
    let fault =
        Fault { name: "entry altered", cause: "one bit flipped in the middle of the file", ..DAMAGED };
    spoil(fault, |object| {
        rewrite(object, |content| {
            let middle = content.len() / 2;
            content[middle] ^= 1;
        });
    });
}

#[test]
fn another_entry() {
    let fault =
        Fault { name: "entries swapped", cause: "another key's file under the name of this", ..DAMAGED };
    let elsewhere = tempfile::tempdir().unwrap();
    let other = elsewhere.path().join("other");
    let fs = open(&elsewhere.path().join("root"));
    let cache = dcache::Cache::<u32, String>::builder("fault_other").no_memory().tier(fs.clone());
    let cache = cache.ttl(std::time::Duration::from_secs(60)).build().unwrap();
    cache.blocking().put(&0, "of another key".to_owned()).unwrap();
    fs::rename(&objects(&namespace(&fs))[0], &other).unwrap();
    spoil(fault, |object| rewrite(object, |content| *content = fs::read(&other).unwrap()));
}

#[test]
fn too_much() {
    let fault = Fault {
        name: "entry without end",
        cause: "a file of a terabyte of zeros (`truncate -s 1T`), on a file system that takes it",
        log: "WARN tier `fs`: get: too large: … bytes where … are allowed …; it is removed",
        ..DAMAGED
    };
    spoil(fault, |object| {
        let file = File::options().write(true).open(object).unwrap();
        let expiry = file.metadata().unwrap().modified().unwrap();
        file.set_len(1 << 40).or_else(|_| file.set_len(1 << 31)).unwrap();
        file.set_modified(expiry).unwrap();
    });
}

#[test]
fn planted() {
    let fault = Fault {
        name: "entry that others could have planted",
        cause: "a valid entry whose file is another user's, or open to others (`chmod 666`) without root",
        ..LOSING
    };
    spoil(fault, |object| {
        if is_root() {
            chown(object, Some(12345), None).unwrap();
        } else {
            fs::set_permissions(object, fs::Permissions::from_mode(0o666)).unwrap();
        }
    });
}
