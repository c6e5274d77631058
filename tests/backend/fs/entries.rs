//! Entries come back as they were, from wherever they are asked for.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use super::*;

fn shared(fs: &Fs) -> &dyn Backend {
    fs
}

async fn round_trip(fs: &dyn Backend) {
    let key = key("42");
    assert_eq!(fs.get(&key).await.unwrap(), None);
    fs.remove(&key).await.unwrap();
    fs.set(&key, "Ada".into(), None).await.unwrap();
    assert_eq!(fs.get(&key).await.unwrap().as_deref(), Some(&b"Ada"[..]));
    fs.set(&key, Bytes::new(), MONTH).await.unwrap();
    assert_eq!(fs.get_within(&key, 0).await.unwrap(), Some(Bytes::new()));
    fs.remove(&key).await.unwrap();
    assert_eq!(fs.get(&key).await.unwrap(), None);
    fs.check().await.unwrap();
}

#[tokio::test]
async fn come_back_within_tokio() {
    let (_folder, fs) = opened();
    round_trip(shared(&fs)).await;
}

#[test]
fn come_back_without_a_runtime() {
    let (_folder, fs) = opened();
    pollster::block_on(round_trip(shared(&fs)));
}

#[test]
fn come_back_on_the_calling_thread() {
    let (_folder, fs) = opened();
    let (fs, key) = (shared(&fs).as_blocking().unwrap(), key("42"));
    assert_eq!(fs.get(&key, 9, BUDGET).unwrap(), None);
    fs.remove(&key, BUDGET).unwrap();
    fs.set(&key, "Ada".into(), None, BUDGET).unwrap();
    assert_eq!(fs.get(&key, 3, BUDGET).unwrap().as_deref(), Some(&b"Ada"[..]));
    fs.remove(&key, BUDGET).unwrap();
    assert_eq!(fs.get(&key, 9, BUDGET).unwrap(), None);
}

#[test]
fn over_the_limit_are_refused_unread() {
    let (_folder, fs) = quiet();
    let key = key("huge");
    set(&fs, &key, vec![7; 1000]).unwrap();
    assert_eq!(BlockingBackend::get(&fs, &key, 999, BUDGET).unwrap_err().kind(), ErrorKind::TooLarge);
    assert_eq!(pollster::block_on(fs.get_within(&key, 999)).unwrap_err().kind(), ErrorKind::TooLarge);
    let file = File::options().write(true).open(path(&fs, &key)).unwrap();
    file.set_len(1 << 40).unwrap(); // a terabyte of holes
    file.set_modified(std::time::SystemTime::now() + MONTH.unwrap()).unwrap();
    assert_eq!(pollster::block_on(Backend::get(&fs, &key)).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn larger_than_the_capacity_are_refused() {
    let (_folder, fs) = opened();
    let fs = fs.capacity(8192);
    assert_eq!(set(&fs, &key("a"), vec![7; 8193]).unwrap_err().kind(), ErrorKind::TooLarge);
    set(&fs, &key("a"), vec![7; 8192]).unwrap();
}

#[test]
fn are_shared_by_all_who_open_the_folder() {
    let (folder, one) = opened();
    let other = Fs::open(folder.path()).unwrap();
    set(&one, &key("a"), "one").unwrap();
    assert_eq!(get(&other, &key("a")).unwrap().unwrap(), "one");
    BlockingBackend::remove(&other, &key("a"), BUDGET).unwrap();
    assert_eq!(get(&one, &key("a")).unwrap(), None);
}

#[test]
fn stay_below_the_root_whatever_their_id() {
    let (folder, _) = opened();
    let fs = Fs::open(folder.path().join("root")).unwrap();
    let long = "ä".repeat(300);
    let ids = [
        "..",
        "",
        "/etc/passwd",
        "../../../../x",
        "a/../b",
        "\0",
        "x\ny",
        &long,
        "C:\\x",
        "CON",
        "*?<>|",
        ".dcache-0-0-0-0",
        "-rf",
        "~",
        "$(reboot)",
    ];
    for id in ids {
        set(&fs, &key(id), id.to_owned()).unwrap();
    }
    for id in ids {
        assert_eq!(get(&fs, &key(id)).unwrap().unwrap(), id.as_bytes(), "{id:?}");
    }
    let outside: Vec<_> =
        tree(folder.path()).into_iter().filter(|path| !path.starts_with(fs.root())).collect();
    assert_eq!(outside, [folder.path().join("CACHEDIR.TAG")]);
    assert_eq!(BlockingBackend::clear(&fs, key("").scope(), BUDGET).unwrap(), ids.len() as u64);
}

#[test]
fn are_never_torn_under_concurrent_writers() {
    let (_folder, fs) = opened();
    let (key, done) = (key("contended"), AtomicBool::new(false));
    set(&fs, &key, vec![0; 1]).unwrap();
    thread::scope(|threads| {
        let writers: Vec<_> = (1..=4_u8)
            .map(|n| {
                let (fs, key) = (&fs, &key);
                threads.spawn(move || {
                    for round in 0..250 {
                        let length = usize::from(n) * 10_000 + round;
                        let mut entry = vec![n; length];
                        entry[..8].copy_from_slice(&(length as u64).to_le_bytes());
                        set(fs, key, entry).unwrap();
                    }
                })
            })
            .collect();
        for _ in 0..4 {
            threads.spawn(|| {
                while !done.load(Relaxed) {
                    let entry = get(&fs, &key).unwrap().expect("there is always one");
                    if entry.len() > 1 {
                        assert_eq!(entry[..8], (entry.len() as u64).to_le_bytes());
                        assert!(entry[8..].iter().all(|byte| *byte == entry[8]));
                    }
                }
            });
        }
        let written: Vec<_> = writers.into_iter().map(|writer| writer.join()).collect();
        done.store(true, Relaxed);
        written.into_iter().for_each(|result| result.unwrap());
    });
    assert_eq!(drafts(fs.root()), [] as [PathBuf; 0]);
}

#[test]
fn can_be_written_again_after_the_root_was_deleted() {
    let (_folder, fs) = opened();
    for deleted in ["", "shop", "shop/user"] {
        set(&fs, &key("a"), "one").unwrap();
        let deleted = fs.root().join(deleted);
        while let Err(cause) = fs::remove_dir_all(&deleted) {
            // a sweep in the background has put something there meanwhile
            assert_eq!(cause.kind(), io::ErrorKind::DirectoryNotEmpty);
        }
        assert_eq!(get(&fs, &key("a")).unwrap(), None);
        BlockingBackend::remove(&fs, &key("a"), BUDGET).unwrap();
        assert_eq!(BlockingBackend::clear(&fs, key("a").scope(), BUDGET).unwrap(), 0);
        set(&fs, &key("a"), "two").unwrap();
        assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "two");
        assert!(fs.root().join("CACHEDIR.TAG").is_file());
    }
}

#[test]
fn a_late_answer_is_a_timeout_and_a_late_removal_is_not() {
    let (_folder, fs) = opened();
    let late = Duration::ZERO;
    assert_eq!(
        BlockingBackend::set(&fs, &key("a"), "one".into(), None, late).unwrap_err().kind(),
        ErrorKind::Timeout
    );
    assert_eq!(BlockingBackend::get(&fs, &key("a"), 9, late).unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "one");
    BlockingBackend::remove(&fs, &key("a"), late).unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap(), None);
}
