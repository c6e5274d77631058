//! What is in the way, and disks that are full or read-only.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use dcache_tests::mount::Mount;

use super::*;

#[test]
fn faults_name_the_tier_and_never_the_id() {
    let (_folder, fs) = opened();
    let key = key("secret");
    fs::create_dir_all(path(&fs, &key).join("in-the-way")).unwrap();
    let error = set(&fs, &key, "x").unwrap_err();
    let texts = format!("{error} {error:?} {:?}", std::error::Error::source(&error));
    assert!(texts.contains("tier `fs`: set: ") && texts.contains("(key "), "{texts}");
    assert!(!texts.contains("secret"), "{texts}");
    assert_eq!(drafts(fs.root()), [] as [PathBuf; 0]);
}

#[test]
fn what_is_no_plain_file_is_a_miss_and_gives_way_to_an_entry() {
    let (_folder, fs) = quiet();
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("target");
    fs::write(&target, "planted").unwrap();
    File::options().write(true).open(&target).unwrap().set_modified(far()).unwrap();
    set(&fs, &key("a"), "x").unwrap();
    let place = path(&fs, &key("a"));
    let plant: [(&str, &dyn Fn()); 3] = [
        ("pipe", &|| assert!(Command::new("mkfifo").arg(&place).status().unwrap().success())),
        ("link", &|| symlink(&target, &place).unwrap()),
        ("dangling link", &|| symlink("/nowhere", &place).unwrap()),
    ];
    for (kind, plant) in plant {
        fs::remove_file(&place).unwrap();
        plant();
        assert_eq!(get(&fs, &key("a")).unwrap(), None, "{kind}");
        assert_eq!(pollster::block_on(fs.get_within(&key("a"), 99)).unwrap(), None, "{kind}");
        fs.sweep().unwrap();
        assert_eq!(BlockingBackend::clear(&fs, key("a").scope(), BUDGET).unwrap(), 0, "{kind}");
        assert!(fs::symlink_metadata(&place).is_ok(), "{kind} is not ours to remove");
        set(&fs, &key("a"), "y").unwrap();
        assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "y", "{kind}");
    }
    fs::remove_file(&place).unwrap();
    symlink(&target, &place).unwrap();
    BlockingBackend::remove(&fs, &key("a"), BUDGET).unwrap();
    assert!(fs::symlink_metadata(&place).is_err());
    assert_eq!(fs::read_to_string(&target).unwrap(), "planted");

    fs::create_dir(&place).unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap(), None);
    BlockingBackend::remove(&fs, &key("a"), BUDGET).unwrap();
    assert_eq!(set(&fs, &key("a"), "x").unwrap_err().kind(), ErrorKind::Other);
}

#[test]
fn folders_behind_links_are_neither_cleared_nor_swept() {
    let (_folder, fs) = quiet();
    let (_other, behind) = quiet();
    set(&behind, &key("a"), "x").unwrap();
    expire(&path(&behind, &key("a")));
    for (link, target) in [("shop", "shop"), ("n", "shop"), ("m/f", "shop/user")] {
        let link = fs.root().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(behind.root().join(target), link).unwrap();
    }
    fs.sweep().unwrap();
    for scope in [key("a").scope(), &Scope::new("m", "f")] {
        let error = BlockingBackend::clear(&fs, scope, BUDGET).unwrap_err().to_string();
        assert!(error.contains("a symbolic link lies where a folder belongs"), "{error}");
    }
    assert!(path(&behind, &key("a")).exists());
}

fn far() -> std::time::SystemTime {
    std::time::SystemTime::now() + MONTH.unwrap()
}

#[test]
fn a_full_disk_is_reported_and_left_without_drafts() {
    let Some(mount) = mounted("size=64k,mode=700") else { return };
    let fs = Fs::open(mount.path()).unwrap();
    set(&fs, &key("first"), vec![1; 4096]).unwrap();
    fs.sweep().unwrap();
    let error = (0..100).find_map(|n| set(&fs, &key(&n.to_string()), vec![0; 8192]).err()).unwrap();
    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
    assert_eq!(drafts(fs.root()), [] as [PathBuf; 0]);
    let left = fs.sweep().unwrap(); // waits for the one that the full disk has started
    assert!((8192..=56 << 10).contains(&left), "{left} bytes are left");
    set(&fs, &key("again"), vec![2; 4096]).unwrap();
    assert_eq!(get(&fs, &key("again")).unwrap().unwrap(), vec![2; 4096]);
}

#[test]
fn a_read_only_disk_is_read_and_reported() {
    let Some(mount) = mounted("size=64k,mode=700") else { return };
    let fs = Fs::open(mount.path()).unwrap();
    set(&fs, &key("a"), "x").unwrap();
    fs.sweep().unwrap();
    mount.remount("ro");
    let fs = Fs::open(mount.path()).unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
    assert_eq!(get(&fs, &key("b")).unwrap(), None);
    assert_eq!(set(&fs, &key("a"), "y").unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(set(&fs, &key("b"), "y").unwrap_err().kind(), ErrorKind::ReadOnly);
    let remove = |id| BlockingBackend::remove(&fs, &key(id), BUDGET);
    assert_eq!(remove("a").unwrap_err().kind(), ErrorKind::ReadOnly);
    remove("b").unwrap();
    let clear = BlockingBackend::clear(&fs, key("a").scope(), BUDGET);
    assert_eq!(clear.unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(pollster::block_on(fs.check()).unwrap_err().kind(), ErrorKind::ReadOnly);
    assert_eq!(Fs::open(mount.path().join("new")).unwrap_err().kind(), ErrorKind::ReadOnly);
}

#[test]
fn a_folder_inside_may_be_a_file_system_of_its_own() {
    let (_folder, fs) = quiet();
    let inside = fs.root().join("shop");
    fs::create_dir(&inside).unwrap();
    let mount = match Mount::tmpfs_over(&inside, "size=1m,mode=700") {
        Ok(mount) => mount,
        Err(why) => return eprintln!("NOT TESTED, {why}: {:?}", thread::current().name()),
    };
    set(&fs, &key("a"), "x").unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
    assert_eq!(drafts(fs.root()), [] as [PathBuf; 0]);
    drop(mount);
    assert_eq!(get(&fs, &key("a")).unwrap(), None);
}

/// A small file system, where root may mount one.
fn mounted(options: &str) -> Option<Mount> {
    let mounted = Mount::tmpfs(options);
    mounted.inspect_err(|why| eprintln!("NOT TESTED, {why}: {:?}", thread::current().name())).ok()
}
