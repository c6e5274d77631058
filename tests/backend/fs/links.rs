//! Symbolic links: one that the user names is the folder behind it, one inside of the folder is followed by nobody.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::SystemTime;

use super::*;

const ADVICE: &str = "a symbolic link lies where a folder belongs, and links are not followed; remove it";

/// Everything below a folder: names, permissions, times and contents.
fn state(folder: &Path) -> Vec<(PathBuf, u32, SystemTime, Option<Vec<u8>>)> {
    let mut found: Vec<_> = tree(folder)
        .into_iter()
        .map(|path| {
            let seen = fs::symlink_metadata(&path).unwrap();
            let content = fs::read(&path).ok();
            (path, seen.mode(), seen.modified().unwrap(), content)
        })
        .collect();
    found.sort();
    found
}

/// What a tier does, each time on what is behind a link.
fn use_all(fs: &Fs, key: &Key) -> [Result<(), Error>; 4] {
    let all = [
        get(fs, key).map(|found| assert_eq!(found, None)),
        set(fs, key, "new"),
        BlockingBackend::remove(fs, key, BUDGET),
        BlockingBackend::clear(fs, key.scope(), BUDGET).map(drop),
    ];
    let _ = fs.sweep();
    let _ = pollster::block_on(fs.check());
    all
}

/// A folder of entries with one for `key` that is expired, which a sweep would remove, and an abandoned draft.
fn bait(folder: &Path, key: &Key) -> Fs {
    clock::advance(2 * HOUR);
    let fs = Fs::open(folder).unwrap();
    fs.sweep().unwrap();
    set(&fs, key, "bait").unwrap();
    set(&fs, &super::key("expired"), "bait").unwrap();
    expire(&path(&fs, &super::key("expired")));
    fs::write(path(&fs, key).with_file_name(".dcache-1-1-0-ff"), "half").unwrap();
    fs
}

#[test]
fn in_place_of_any_folder_are_refused_and_what_is_behind_them_stays() {
    let (outer, key) = (tempfile::tempdir().unwrap(), key("a"));
    let behind = bait(&outer.path().join("behind"), &key);
    let object = key.object_name();
    let places: Vec<_> = object.match_indices('/').map(|(end, _)| &object[..end]).chain([""]).collect();
    assert_eq!(places.len(), 4, "namespace, function, two characters; and the root");
    let before = state(behind.root());
    for place in places {
        let fs = Fs::open(outer.path().join("used")).unwrap();
        set(&fs, &key, "own").unwrap();
        fs.sweep().unwrap();
        let place_in = |root: &Path| if place.is_empty() { root.to_owned() } else { root.join(place) };
        let replaced = place_in(fs.root());
        fs::rename(&replaced, outer.path().join("aside")).unwrap();
        symlink(place_in(behind.root()), &replaced).unwrap();
        for (nth, result) in use_all(&fs, &key).into_iter().enumerate() {
            let error = result.expect_err(&format!("operation {nth} at `{place}`"));
            assert_eq!(error.kind(), ErrorKind::Other);
            assert!(error.to_string().contains(ADVICE), "{place:?}: {error}");
        }
        assert_eq!(state(behind.root()), before, "{place:?}");
        fs::remove_file(&replaced).unwrap();
        fs::rename(outer.path().join("aside"), &replaced).unwrap();
        assert_eq!(get(&fs, &key).unwrap().unwrap(), "own", "{place:?}");
    }
}

#[test]
fn above_the_folder_are_followed_when_it_is_opened_and_never_again() {
    let (outer, key) = (tempfile::tempdir().unwrap(), key("a"));
    let (one, other) = (outer.path().join("one"), outer.path().join("other"));
    fs::create_dir(&one).unwrap();
    let bait = bait(&other.join("cache"), &key);
    let before = state(&other);
    symlink(&one, outer.path().join("current")).unwrap();
    let fs = Fs::open(outer.path().join("current/cache")).unwrap();
    assert_eq!(fs.root(), fs::canonicalize(one.join("cache")).unwrap());
    set(&fs, &key, "own").unwrap();
    fs.sweep().unwrap();

    fs::remove_file(outer.path().join("current")).unwrap();
    symlink(&other, outer.path().join("current")).unwrap();
    assert_eq!(get(&fs, &key).unwrap().unwrap(), "own");

    // Linux can ask for a path without links from its beginning
    if cfg!(target_os = "linux") {
        fs::rename(&one, outer.path().join("aside")).unwrap();
        symlink(&other, &one).unwrap();
        for result in use_all(&fs, &key) {
            assert!(result.unwrap_err().to_string().contains(ADVICE));
        }
        while fs::remove_dir_all(bait.root()).is_err() {} // a sweep may put something there meanwhile
        assert!(set(&fs, &key, "new").is_err());
        assert!(!bait.root().exists(), "nothing is created behind it either");
    } else {
        assert_eq!(state(&other), before);
    }
}

#[test]
fn may_be_the_name_of_the_folder() {
    let outer = tempfile::tempdir().unwrap();
    let (folder, link) = (outer.path().join("folder"), outer.path().join("link"));
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    symlink(&folder, &link).unwrap();
    let fs = Fs::open(&link).unwrap();
    set(&fs, &key("a"), "x").unwrap();
    assert_eq!(fs.root(), fs::canonicalize(&folder).unwrap());
    assert_eq!(get(&Fs::open(&folder).unwrap(), &key("a")).unwrap().unwrap(), "x");
    symlink("/nowhere/at/all", outer.path().join("dangling")).unwrap();
    assert!(Fs::open(outer.path().join("dangling")).is_err());
}

#[test]
fn in_place_of_the_tag_or_of_a_draft_are_not_written_through() {
    let (outer, key) = (tempfile::tempdir().unwrap(), key("a"));
    let target = outer.path().join("target");
    fs::write(&target, "precious").unwrap();
    let root = outer.path().join("root");
    let fs = Fs::open(&root).unwrap();
    fs::remove_file(root.join("CACHEDIR.TAG")).unwrap();
    symlink(&target, root.join("CACHEDIR.TAG")).unwrap();
    set(&fs, &key, "x").unwrap();
    symlink(&target, path(&fs, &key).with_file_name(".dcache-1-1-0-ff")).unwrap();
    let _ = fs.sweep();
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

#[test]
fn in_place_of_the_folder_of_drafts_are_refused_by_writes() {
    let (_folder, fs) = quiet();
    let (_other, behind) = quiet();
    set(&fs, &key("a"), "x").unwrap();
    set(&behind, &key("a"), "x").unwrap();
    let hidden = fs.root().join(".dcache");
    fs::rename(&hidden, fs.root().join(".aside")).unwrap();
    symlink(behind.root().join(".dcache"), &hidden).unwrap();
    let before = state(behind.root());
    assert!(set(&fs, &key("a"), "y").unwrap_err().to_string().contains(ADVICE));
    BlockingBackend::remove(&fs, &key("b"), BUDGET).unwrap();
    let _ = fs.sweep();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
    assert_eq!(state(behind.root()), before);
}

#[test]
fn in_place_of_what_is_counted_are_not_written_through() {
    let (outer, fs) = quiet();
    set(&fs, &key("a"), "x").unwrap();
    let target = outer.path().join(".target");
    fs::write(&target, "mine").unwrap();
    for name in ["taken", "freed", "sweep"] {
        let place = fs.root().join(".dcache").join(name);
        let _ = fs::remove_file(&place);
        symlink(&target, place).unwrap();
    }
    let before = fs::metadata(&target).unwrap().modified().unwrap();
    set(&fs, &key("b"), "y").unwrap();
    BlockingBackend::remove(&fs, &key("a"), BUDGET).unwrap();
    assert_eq!(fs.sweep().unwrap(), 4096);
    assert_eq!(get(&fs, &key("b")).unwrap().unwrap(), "y");
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    assert_eq!(fs::metadata(&target).unwrap().modified().unwrap(), before);
}
