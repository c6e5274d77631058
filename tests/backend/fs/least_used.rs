//! What goes first where there is no room: the expired, then what was not used for the longest time.

use std::fs;

use super::*;

fn is_there(fs: &Fs, n: usize) -> bool {
    path(fs, &key(&n.to_string())).exists()
}

/// A folder of so many entries of 4 KiB, none of which was used for two hours, on the file system of the tests.
fn filled(fs: &Fs, entries: usize) {
    for n in 0..entries {
        set(fs, &key(&n.to_string()), vec![0; 4096]).unwrap();
        used(fs, &key(&n.to_string()), 2 * HOUR);
    }
}

#[test]
fn what_is_expired_goes_before_what_is_old() {
    let (_folder, fs) = quiet();
    filled(&fs, 300);
    for n in (0..300).step_by(5) {
        set_for(&fs, &key(&n.to_string()), HOUR);
    }
    clock::advance(HOUR);
    let left = fs.capacity(260 * 4096).sweep().unwrap();
    assert_eq!(left, 240 * 4096, "the expired, and nothing else");
}

#[test]
fn what_was_read_stays() {
    let (_folder, fs) = quiet();
    filled(&fs, 300);
    for n in (0..300).step_by(5) {
        get(&fs, &key(&n.to_string())).unwrap().unwrap();
    }
    let fs = fs.capacity(200 * 4096);
    assert!(fs.sweep().unwrap() <= 200 * 4096);
    assert!((0..300).step_by(5).all(|n| is_there(&fs, n)));
}

#[test]
fn what_was_written_last_stays_whatever_its_life() {
    let (_folder, fs) = quiet();
    filled(&fs, 300);
    (0..300).step_by(5).for_each(|n| set_for(&fs, &key(&n.to_string()), HOUR));
    let fs = fs.capacity(200 * 4096);
    assert!(fs.sweep().unwrap() <= 200 * 4096);
    assert!((0..300).step_by(5).all(|n| is_there(&fs, n)));
}

#[test]
fn what_was_used_by_a_clock_that_was_wrong_is_not_kept_for_it() {
    let (_folder, fs) = quiet();
    filled(&fs, 300);
    for n in (0..300).step_by(5) {
        let ahead = FileTimes::new().set_accessed(SystemTime::now() + 24 * HOUR);
        File::options().write(true).open(path(&fs, &key(&n.to_string()))).unwrap().set_times(ahead).unwrap();
    }
    let fs = fs.capacity(288 * 4096);
    assert_eq!(fs.sweep().unwrap(), 252 * 4096);
    assert!((0..300).all(|n| is_there(&fs, n) || n % 5 == 0));
}

#[test]
fn a_sweep_is_no_use() {
    let (_folder, fs) = quiet();
    filled(&fs, 10);
    let before: Vec<_> = (0..10).map(|n| accessed(&fs, n)).collect();
    fs.sweep().unwrap();
    assert_eq!((0..10).map(|n| accessed(&fs, n)).collect::<Vec<_>>(), before);
}

fn accessed(fs: &Fs, n: usize) -> SystemTime {
    fs::metadata(path(fs, &key(&n.to_string()))).unwrap().accessed().unwrap()
}

#[cfg(unix)]
#[test]
fn a_read_is_a_use_where_the_file_system_takes_no_note_of_reads() {
    use dcache_tests::mount::Mount;

    let mount = match Mount::tmpfs("noatime,mode=700") {
        Ok(mount) => mount,
        Err(why) => return eprintln!("NOT TESTED, it takes root to mount a file system: {why}"),
    };
    let fs = Fs::open(mount.path()).unwrap();
    filled(&fs, 1);
    let before = accessed(&fs, 0);
    fs::read(path(&fs, &key("0"))).unwrap();
    assert_eq!(accessed(&fs, 0), before, "it does take note");

    get(&fs, &key("0")).unwrap().unwrap();
    let marked = accessed(&fs, 0);
    assert!(marked > before + HOUR);
    get(&fs, &key("0")).unwrap().unwrap();
    assert_eq!(accessed(&fs, 0), marked, "once a minute is enough");
    assert!(get(&fs, &key("0")).unwrap().is_some(), "the mark is no change of its life");

    used(&fs, &key("0"), 2 * HOUR);
    mount.remount("ro,noatime");
    assert!(get(&fs, &key("0")).unwrap().is_some(), "that it cannot be marked is no fault");
}

fn set_for(fs: &Fs, key: &Key, life: Duration) {
    BlockingBackend::set(fs, key, vec![0; 4096].into(), Some(life), BUDGET).unwrap();
}
