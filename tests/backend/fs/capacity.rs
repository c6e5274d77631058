//! The room that entries may take.

use std::thread;

use super::*;

#[test]
fn is_kept_and_what_expires_next_goes_first() {
    let (_folder, fs) = opened();
    let fs = fs.capacity(1 << 20);
    let days = |n: u32| Some(Duration::from_secs(24 * 60 * 60) * n);
    for n in 0..768 {
        let (key, life) = (key(&n.to_string()), days(if n % 8 == 0 { 20 } else { 10 }));
        BlockingBackend::set(&fs, &key, vec![0; 4096].into(), life, BUDGET).unwrap();
    }
    let left = fs.sweep().unwrap();
    let files = tree(&fs.root().join("shop")).iter().filter(|path| path.is_file()).count();
    assert_eq!(left, files as u64 * 4096);
    assert!(left <= 1 << 20, "{left} bytes are left");
    assert!(left >= 1 << 19, "only {left} bytes are left");
    for n in (0..768).step_by(8) {
        assert!(path(&fs, &key(&n.to_string())).exists(), "{n} had the longest life");
    }
}

#[test]
fn holds_for_all_who_write_into_the_folder() {
    let (folder, one) = opened();
    let one = one.capacity(1 << 20);
    let other = Fs::open(folder.path()).unwrap().capacity(1 << 20);
    thread::scope(|threads| {
        for (name, fs) in [("one", &one), ("other", &other)] {
            threads.spawn(move || {
                for n in 0..400 {
                    set(fs, &key(&format!("{name}{n}")), vec![0; 4096]).unwrap();
                }
            });
        }
    });
    assert!(one.sweep().unwrap() <= 1 << 20);
    assert!(other.sweep().unwrap() <= 1 << 20);
}

#[test]
fn below_it_nothing_goes() {
    let (_folder, fs) = opened();
    for n in 0..100 {
        set(&fs, &key(&n.to_string()), vec![0; 5000]).unwrap();
    }
    assert_eq!(fs.sweep().unwrap(), 100 * 8192);
}
