//! The folder that a tier may have.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::thread;

use super::*;

#[test]
fn must_be_empty_or_a_cache() {
    let outer = tempfile::tempdir().unwrap();
    let file = outer.path().join("file");
    fs::write(&file, "not a cache").unwrap();
    let ours = outer.path().join("a/b/c");
    set(&Fs::open(&ours).unwrap(), &key("a"), "x").unwrap();
    assert_eq!(get(&Fs::open(&ours).unwrap(), &key("a")).unwrap().unwrap(), "x");
    for (path, advice) in [
        (outer.path().to_owned(), "holds files that are not dcache's; name an empty folder"),
        (file.clone(), "is not a folder; name one"),
        (file.join("below"), "is not a folder; name one"),
        (PathBuf::new(), "is no path; name a folder"),
        (PathBuf::from("~/cache"), "only a shell expands; write the whole path"),
    ] {
        let error = Fs::open(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(advice), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a cache");
}

#[test]
fn may_hold_what_mkfs_and_desktops_put_there() {
    let outer = tempfile::tempdir().unwrap();
    fs::create_dir(outer.path().join("lost+found")).unwrap();
    fs::write(outer.path().join(".DS_Store"), "").unwrap();
    assert!(Fs::open(outer.path()).is_ok());
}

#[test]
fn is_opened_by_many_at_once() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("new");
    thread::scope(|threads| {
        for n in 0..8 {
            let root = &root;
            threads.spawn(move || set(&Fs::open(root).unwrap(), &key(&n.to_string()), "x").unwrap());
        }
    });
    let names: BTreeSet<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, BTreeSet::from([".dcache".into(), "CACHEDIR.TAG".into(), "shop".into()]));
}

#[cfg(unix)]
#[test]
fn takes_no_pipe_for_its_tag() {
    let outer = tempfile::tempdir().unwrap();
    let tag = outer.path().join("CACHEDIR.TAG");
    assert!(std::process::Command::new("mkfifo").arg(tag).status().unwrap().success());
    assert_eq!(Fs::open(outer.path()).unwrap_err().kind(), ErrorKind::Config);
}
