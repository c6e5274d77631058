//! Entries that were copied into the folder: their files are dated by when that was.

use std::fs;

use dcache::Cache;

use super::*;

/// Copies all entries into a new folder, as `cp -r` does.
fn copied(from: &Fs) -> (TempDir, Fs) {
    let (folder, fs) = quiet();
    for path in tree(&from.root().join("shop")).into_iter().filter(|path| path.is_file()) {
        let place = fs.root().join(path.strip_prefix(from.root()).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&path, &place).unwrap();
        File::options().write(true).open(place).unwrap().set_modified(SystemTime::now()).unwrap();
    }
    (folder, fs)
}

#[test]
fn are_read_and_not_swept_away() {
    let (_folder, from) = quiet();
    set(&from, &key("a"), "x").unwrap();
    let (_folder, fs) = copied(&from);
    fs.sweep().unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
    clock::advance(HOUR);
    fs.sweep().unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
}

#[test]
fn are_read_where_they_are_dated_as_in_the_bucket() {
    let (_folder, fs) = quiet();
    set(&fs, &key("a"), "x").unwrap();
    let yesterday = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    File::options().write(true).open(path(&fs, &key("a"))).unwrap().set_modified(yesterday).unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
}

#[test]
fn are_never_served_past_their_lives() {
    let cache = |fs: &Fs| -> Cache<u32, String> {
        Cache::builder("shop.copied").no_memory().tier(fs.clone()).ttl(24 * HOUR).build().unwrap()
    };
    let (_folder, from) = quiet();
    cache(&from).blocking().put(&1, "one".to_owned()).unwrap();
    let folder = from.root().join("dcache");
    fs::rename(folder, from.root().join("shop")).unwrap();
    let (_folder, fs) = copied(&from);
    fs::rename(fs.root().join("shop"), fs.root().join("dcache")).unwrap();

    assert_eq!(cache(&fs).blocking().get(&1).as_deref(), Some("one"));
    clock::advance(24 * HOUR + Duration::from_secs(2));
    assert_eq!(cache(&fs).blocking().get(&1), None);
    let file =
        tree(fs.root()).into_iter().find(|path| path.is_file() && path.starts_with(fs.root().join("dcache")));
    assert!(file.is_some(), "it was the entry that told");
}

#[test]
fn go_in_the_order_of_their_use() {
    let (_folder, from) = quiet();
    (0..300).for_each(|n| set(&from, &key(&n.to_string()), vec![0; 4096]).unwrap());
    let (_folder, fs) = copied(&from);
    (0..300).for_each(|n| used(&fs, &key(&n.to_string()), if n % 4 == 0 { HOUR } else { 2 * HOUR }));
    let fs = fs.capacity(1 << 20);
    assert!(fs.sweep().unwrap() <= 1 << 20);
    assert!((0..300).step_by(4).all(|n| path(&fs, &key(&n.to_string())).exists()));
}
