//! What a sweep removes, and what it leaves alone.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use dcache_tests::with_environment;

use super::*;

/// Leaves an unfinished file that was made so many seconds ago.
fn leave(folder: &Path, age: u64) -> PathBuf {
    let draft = folder.join(format!(".dcache-{:x}-1-0-ff", clock::wall() - age * 1000));
    fs::write(&draft, "half").unwrap();
    draft
}

#[test]
fn removes_the_drafts_of_dead_writers_and_forgotten_folders() {
    // a process of its own, in which no other test moves the clock
    with_environment("fs::sweep::removes_the_drafts_of_dead_writers_and_forgotten_folders", &[], || {
        let (_folder, fs) = quiet();
        set(&fs, &key("a"), "x").unwrap();
        let folder = path(&fs, &key("a")).parent().unwrap().to_owned();
        let (old, new) = (leave(&folder, 31), leave(&folder, 0));
        let empty = fs.root().join("shop/gone/ab");
        fs::create_dir_all(&empty).unwrap();
        fs::create_dir_all(fs.root().join("shop/new/ab")).unwrap();
        File::open(&empty).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();

        fs.sweep().unwrap();
        assert!(!old.exists());
        assert!(!empty.exists());
        assert!(fs.root().join("shop/new/ab").exists(), "somebody may be about to use it");
        assert!(get(&fs, &key("a")).unwrap().is_some());
        assert!(new.exists(), "its writer may be about to publish it");
    });
}

#[test]
fn drafts_of_dead_writers_go_without_a_sweep_when_somebody_writes() {
    let (_folder, fs) = quiet();
    let hidden = fs.root().join(".dcache");
    let drafts = [leave(&hidden, 31), leave(fs.root(), 31)];
    set(&fs, &key("a"), "x").unwrap();
    while drafts.iter().any(|draft| draft.exists()) {
        std::thread::yield_now();
    }
}

#[test]
fn drafts_of_dead_writers_go_later_though_nobody_writes_any_more() {
    let (_folder, fs) = quiet();
    let draft = leave(&fs.root().join(".dcache"), 10); // so that the first look finds it too young
    set(&fs, &key("a"), "x").unwrap();
    let start = std::time::Instant::now();
    while draft.exists() {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(start.elapsed() > Duration::from_secs(5), "it was robbed");
}

#[test]
fn touches_only_what_can_be_an_object() {
    let (_folder, fs) = quiet();
    set(&fs, &key("a"), "x").unwrap();
    let foreign =
        ["note", "shop/note", "shop/user/note", "shop/user/zz/note", "shop/user/ab/c/note", ".git/f/ab/x"];
    for name in foreign {
        let path = fs.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(&path).unwrap();
        expire(&path);
    }
    fs.sweep().unwrap();
    foreign.iter().for_each(|name| assert!(fs.root().join(name).exists(), "{name}"));
}

#[test]
fn leaves_a_folder_alone_that_is_not_tagged() {
    let (_folder, fs) = quiet();
    let object = fs.root().join("repo.git/objects/ab/cdef");
    fs::create_dir_all(object.parent().unwrap()).unwrap();
    File::create(&object).unwrap();
    expire(&object);
    fs::remove_file(fs.root().join("CACHEDIR.TAG")).unwrap();
    fs.sweep().unwrap();
    assert!(object.exists());
}

#[test]
fn a_fresh_entry_in_the_place_of_an_expired_one_stays() {
    let (_folder, fs) = quiet();
    let key = key("a");
    set(&fs, &key, "x").unwrap();
    let is_over = AtomicBool::new(false);
    let expired = SystemTime::now() + HOUR;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(SeqCst) {
                fs.sweep().unwrap();
            }
        });
        for round in 0..2_000 {
            if let Ok(file) = File::open(path(&fs, &key)) {
                file.set_modified(expired).unwrap();
            }
            set(&fs, &key, "y").unwrap();
            if get(&fs, &key).unwrap().is_none() {
                is_over.store(true, SeqCst);
                panic!("it was swept away in round {round}");
            }
        }
        is_over.store(true, SeqCst);
    });
}
