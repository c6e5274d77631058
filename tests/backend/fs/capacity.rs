//! The room that entries may take.

use std::thread;

use super::*;

#[test]
fn is_kept_and_used() {
    let (_folder, fs) = opened();
    let fs = fs.capacity(1 << 20);
    (0..768).for_each(|n| set(&fs, &key(&n.to_string()), vec![0; 4096]).unwrap());
    let left = fs.sweep().unwrap();
    let files = tree(&fs.root().join("shop")).iter().filter(|path| path.is_file()).count();
    assert_eq!(left, files as u64 * 4096);
    assert!(left <= 1 << 20, "{left} bytes are left");
    assert!(left >= 1 << 19, "only {left} bytes are left");
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
