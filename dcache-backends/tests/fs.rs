//! The file tier on a real file system.
#![cfg(feature = "fs")]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use dcache_backends::object::Fs;
use dcache_backends::{Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Scope};
use tempfile::TempDir;

/// Long enough for any machine; the clock of the tests never reaches the end of a `MONTH`.
const BUDGET: Duration = Duration::from_secs(60);
const MONTH: Option<Duration> = Some(Duration::from_secs(30 * 24 * 60 * 60));

fn opened() -> (TempDir, Fs) {
    let folder = tempfile::tempdir().unwrap();
    let fs = Fs::open(folder.path()).unwrap();
    (folder, fs)
}

/// Without the sweep that the first write starts in the background.
fn quiet() -> (TempDir, Fs) {
    let (folder, fs) = opened();
    fs.sweep().unwrap();
    (folder, fs)
}

fn key(id: &str) -> Key {
    Key::new(&Scope::new("shop", "user"), id)
}

fn get(fs: &Fs, key: &Key) -> Result<Option<Bytes>, Error> {
    BlockingBackend::get(fs, key, usize::MAX, BUDGET)
}

fn set(fs: &Fs, key: &Key, entry: impl Into<Bytes>) -> Result<(), Error> {
    BlockingBackend::set(fs, key, entry.into(), MONTH, BUDGET)
}

fn path(fs: &Fs, key: &Key) -> PathBuf {
    fs.root().join(key.object_name())
}

/// Everything below a folder, links not followed.
fn tree(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(tree(&entry.path()));
        }
        found.push(entry.path());
    }
    found
}

fn drafts(folder: &Path) -> Vec<PathBuf> {
    let is_draft = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('.');
    tree(folder).into_iter().filter(is_draft).collect()
}

mod entries {
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
            fs::remove_dir_all(fs.root().join(deleted)).unwrap();
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
}

#[cfg(feature = "testing")]
mod expiry {
    use super::*;
    use dcache_backends::clock;

    #[test]
    fn an_entry_is_gone_after_its_life() {
        let (_folder, fs) = quiet();
        let hour = Duration::from_secs(3600);
        BlockingBackend::set(&fs, &key("short"), "x".into(), Some(hour), BUDGET).unwrap();
        BlockingBackend::set(&fs, &key("for ever"), "x".into(), None, BUDGET).unwrap();
        BlockingBackend::set(&fs, &key("as good as"), "x".into(), Some(Duration::MAX), BUDGET).unwrap();
        assert!(get(&fs, &key("short")).unwrap().is_some());
        clock::advance(hour);
        assert_eq!(get(&fs, &key("short")).unwrap(), None);
        assert!(path(&fs, &key("short")).exists(), "reading removes nothing");
        assert!(get(&fs, &key("for ever")).unwrap().is_some());
        assert!(get(&fs, &key("as good as")).unwrap().is_some());
        set(&fs, &key("short"), "y").unwrap();
        assert_eq!(get(&fs, &key("short")).unwrap().unwrap(), "y");
    }

    #[test]
    fn an_entry_without_life_is_a_miss() {
        let (_folder, fs) = opened();
        BlockingBackend::set(&fs, &key("a"), "x".into(), Some(Duration::ZERO), BUDGET).unwrap();
        assert_eq!(get(&fs, &key("a")).unwrap(), None);
    }

    #[test]
    fn a_sweep_removes_the_expired_and_nothing_else() {
        let (_folder, fs) = quiet();
        for n in 0..50 {
            let life = Some(Duration::from_secs(if n % 2 == 0 { 5 } else { 60 * 60 * 24 }));
            BlockingBackend::set(&fs, &key(&n.to_string()), "x".into(), life, BUDGET).unwrap();
        }
        clock::advance(Duration::from_secs(5));
        assert_eq!(fs.sweep().unwrap(), 25 * 4096);
        for n in 0..50 {
            assert_eq!(path(&fs, &key(&n.to_string())).exists(), n % 2 == 1);
        }
    }
}

mod capacity {
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
}

mod sweep {
    use super::*;

    #[test]
    fn removes_the_drafts_of_dead_writers_and_forgotten_folders() {
        let (_folder, fs) = quiet();
        set(&fs, &key("a"), "x").unwrap();
        let folder = path(&fs, &key("a")).parent().unwrap().to_owned();
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
        let old =
            [folder.join(format!(".dcache-{:x}-1-0-ff", now - 61_000)), fs.root().join(".dcache-1-1-0-ff")];
        // it says itself how old it is, by whichever clock the other tests have made of it
        let new = folder.join(format!(".dcache-{:x}-1-0-ff", now_of_dcache()));
        old.iter().chain([&new]).for_each(|path| fs::write(path, "half").unwrap());
        let empty = fs.root().join("shop/gone/ab");
        fs::create_dir_all(&empty).unwrap();
        fs::create_dir_all(fs.root().join("shop/new/ab")).unwrap();
        File::open(&empty).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();

        fs.sweep().unwrap();
        assert!(old.iter().all(|path| !path.exists()));
        assert!(!empty.exists());
        assert!(fs.root().join("shop/new/ab").exists(), "somebody may be about to use it");
        assert!(get(&fs, &key("a")).unwrap().is_some());
        if !cfg!(feature = "testing") {
            assert!(new.exists());
        }
    }

    fn now_of_dcache() -> u64 {
        #[cfg(feature = "testing")]
        return dcache_backends::clock::wall();
        #[cfg(not(feature = "testing"))]
        return std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    }

    #[test]
    fn touches_only_what_can_be_an_object() {
        let (_folder, fs) = quiet();
        set(&fs, &key("a"), "x").unwrap();
        let foreign = [
            "note",
            "shop/note",
            "shop/user/note",
            "shop/user/zz/note",
            "shop/user/ab/c/note",
            ".git/f/ab/x",
        ];
        for name in foreign {
            let path = fs.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        }
        fs.sweep().unwrap();
        foreign.iter().for_each(|name| assert!(fs.root().join(name).exists(), "{name}"));
    }

    #[test]
    fn leaves_a_folder_alone_that_is_not_tagged() {
        let (_folder, fs) = quiet();
        let object = fs.root().join("repo.git/objects/ab/cdef");
        fs::create_dir_all(object.parent().unwrap()).unwrap();
        File::create(&object).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        fs::remove_file(fs.root().join("CACHEDIR.TAG")).unwrap();
        fs.sweep().unwrap();
        assert!(object.exists());
    }
}

mod clear {
    use super::*;

    #[test]
    fn removes_one_function_and_nothing_else() {
        let (_folder, fs) = opened();
        let scopes = [("shop", "user"), ("shop", "users"), ("shop", "user::x"), ("shop2", "user")];
        for (namespace, function) in scopes {
            for n in 0..20 {
                set(&fs, &Key::new(&Scope::new(namespace, function), &n.to_string()), "x").unwrap();
            }
        }
        assert_eq!(BlockingBackend::clear(&fs, &Scope::new("shop", "user"), BUDGET).unwrap(), 20);
        assert_eq!(pollster::block_on(Backend::clear(&fs, &Scope::new("shop", "user"))).unwrap(), 0);
        for (namespace, function) in &scopes[1..] {
            let scope = Scope::new(namespace, function);
            assert_eq!(BlockingBackend::clear(&fs, &scope, BUDGET).unwrap(), 20);
        }
    }

    #[test]
    fn leaves_nothing_that_was_there_before_it_under_writers() {
        let (_folder, fs) = opened();
        let (scope, done) = (key("").scope().clone(), AtomicBool::new(false));
        (0..100).for_each(|n| set(&fs, &key(&format!("old{n}")), "x").unwrap());
        thread::scope(|threads| {
            for writer in 0..2 {
                let (fs, done) = (&fs, &done);
                threads.spawn(move || {
                    for n in (0..50).cycle() {
                        set(fs, &key(&format!("new{writer}-{n}")), "x").unwrap();
                        if done.load(Relaxed) {
                            break;
                        }
                    }
                });
            }
            let cleared: Vec<_> = (0..20).map(|_| BlockingBackend::clear(&fs, &scope, BUDGET)).collect();
            done.store(true, Relaxed);
            assert!(cleared[0].as_ref().unwrap() >= &100);
            assert!(cleared.into_iter().all(|result| result.is_ok()));
        });
        (0..100).for_each(|n| assert_eq!(get(&fs, &key(&format!("old{n}"))).unwrap(), None));
    }
}

mod folder {
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
        let names: BTreeSet<_> =
            fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, BTreeSet::from(["CACHEDIR.TAG".into(), "shop".into()]));
    }
}

#[cfg(unix)]
mod unix {
    use std::env;
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o7777
    }

    fn allow(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn is_root(folder: &TempDir) -> bool {
        fs::metadata(folder.path()).unwrap().uid() == 0
    }

    #[test]
    fn files_and_folders_are_private() {
        let outer = tempfile::tempdir().unwrap();
        let fs = Fs::open(outer.path().join("deep/root")).unwrap();
        set(&fs, &key("a"), "x").unwrap();
        for path in tree(outer.path()) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{}", path.display());
        }
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
        File::options()
            .write(true)
            .open(path(&behind, &key("a")))
            .unwrap()
            .set_modified(std::time::UNIX_EPOCH)
            .unwrap();
        for (link, target) in [("shop", "shop"), ("n", "shop"), ("m/f", "shop/user")] {
            let link = fs.root().join(link);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            symlink(behind.root().join(target), link).unwrap();
        }
        fs.sweep().unwrap();
        assert_eq!(BlockingBackend::clear(&fs, key("a").scope(), BUDGET).unwrap(), 0);
        assert_eq!(BlockingBackend::clear(&fs, &Scope::new("m", "f"), BUDGET).unwrap(), 0);
        assert!(path(&behind, &key("a")).exists());
    }

    fn far() -> std::time::SystemTime {
        std::time::SystemTime::now() + MONTH.unwrap()
    }

    /// A small file system of its own, where root may mount one.
    struct Mount(TempDir);

    impl Mount {
        fn tmpfs(options: &str) -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path());
            match mount.output() {
                Ok(done) if done.status.success() => Some(Self(folder)),
                _ => {
                    eprintln!(
                        "NOT TESTED, since mounting a tmpfs needs root: {:?}",
                        thread::current().name()
                    );
                    None
                }
            }
        }

        fn remount(&self, options: &str) {
            let done = Command::new("mount").args(["-o", options]).arg(self.0.path()).status();
            assert!(done.unwrap().success());
        }
    }

    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
        }
    }

    #[test]
    fn a_full_disk_is_reported_and_left_without_drafts() {
        let Some(mount) = Mount::tmpfs("size=64k,mode=700") else { return };
        let fs = Fs::open(mount.0.path()).unwrap();
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
        let Some(mount) = Mount::tmpfs("size=64k,mode=700") else { return };
        let fs = Fs::open(mount.0.path()).unwrap();
        set(&fs, &key("a"), "x").unwrap();
        fs.sweep().unwrap();
        mount.remount("remount,ro");
        let fs = Fs::open(mount.0.path()).unwrap();
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
        assert_eq!(Fs::open(mount.0.path().join("new")).unwrap_err().kind(), ErrorKind::ReadOnly);
    }

    /// Runs `child` below in a process of its own, as another user if one is named.
    fn in_a_child(
        folder: &Path,
        user: Option<u32>,
        path: Option<&Path>,
        variables: &[(&str, &OsStr)],
    ) -> String {
        let mut program = env::current_exe().unwrap();
        if user.is_some() {
            let reachable = folder.join("child");
            if !reachable.exists() {
                fs::copy(&program, &reachable).unwrap();
            }
            program = reachable;
        }
        let mut command = Command::new(program);
        command.args(["--ignored", "--exact", "--nocapture", "unix::child"]).current_dir("/");
        for name in ["DCACHE_FS_ROOT", "XDG_CACHE_HOME", "HOME", "TMPDIR"] {
            command.env_remove(name);
        }
        command.envs(variables.iter().copied());
        command.envs(path.map(|path| ("DCACHE_TEST_PATH", path)));
        if let Some(user) = user {
            command.uid(user).gid(user);
        }
        let output = loop {
            match command.output() {
                // a process that another test starts just now still holds the copy open
                Err(busy) if busy.kind() == io::ErrorKind::ExecutableFileBusy => thread::yield_now(),
                output => break output.unwrap(),
            }
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find_map(|line| line.split_once("child: "));
        line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).1.to_owned()
    }

    #[test]
    #[ignore = "other tests run it in a process of its own"]
    fn child() {
        let opened = match env::var_os("DCACHE_TEST_PATH") {
            Some(path) => Fs::open(path),
            None => Fs::open_default(),
        };
        let tried = opened.and_then(|fs| get(&fs, &key("a")).map(|_| fs));
        match tried {
            Ok(fs) => println!("child: {}", fs.root().display()),
            Err(error) => println!("child: {:?}: {error}", error.kind()),
        }
    }

    #[test]
    fn the_default_folder_is_the_first_that_the_environment_names() {
        let outer = tempfile::tempdir().unwrap();
        let place = |name: &str| outer.path().join(name);
        fs::create_dir(place("tmp")).unwrap();
        fs::create_dir(place("home")).unwrap();
        let (mut variables, mut found) = (Vec::new(), Vec::new());
        let places = [place("tmp"), place("home"), place("xdg"), place("named")];
        for (name, place) in ["TMPDIR", "HOME", "XDG_CACHE_HOME", "DCACHE_FS_ROOT"].iter().zip(&places) {
            variables.push((*name, place.as_os_str()));
            found.push(in_a_child(outer.path(), None, None, &variables));
        }
        let user = fs::metadata(outer.path()).unwrap().uid();
        let own = if cfg!(target_os = "macos") { "home/Library/Caches/dcache" } else { "home/.cache/dcache" };
        assert_eq!(found[0], place(&format!("tmp/dcache-{user}")).display().to_string());
        assert_eq!(found[1], place(own).display().to_string());
        assert_eq!(found[3], place("named").display().to_string());
        if !cfg!(target_os = "macos") {
            assert_eq!(found[2], place("xdg/dcache").display().to_string());
        }
        assert_eq!(mode(&place(&format!("tmp/dcache-{user}"))), 0o700);
    }

    #[test]
    fn a_temporary_folder_that_others_could_exchange_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        let user = fs::metadata(outer.path()).unwrap().uid();
        let tmp = outer.path().join("tmp");
        let open = || in_a_child(outer.path(), None, None, &[("TMPDIR", tmp.as_os_str())]);
        fs::create_dir(&tmp).unwrap();
        allow(&tmp, 0o777);
        assert!(open().starts_with("Denied: "), "anybody may rename in it");
        allow(&tmp, 0o1777);
        let own = tmp.join(format!("dcache-{user}"));
        assert_eq!(open(), own.display().to_string());

        allow(&own, 0o770);
        assert!(open().starts_with("Denied: "), "a group may write into it");
        fs::remove_dir_all(&own).unwrap();
        let target = outer.path().join("target");
        fs::create_dir(&target).unwrap();
        symlink(&target, &own).unwrap();
        assert!(open().starts_with("Denied: "), "it is a link");
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
        fs::remove_file(&own).unwrap();

        if !is_root(&outer) {
            return eprintln!("NOT TESTED, since it needs root: a temporary folder of another user");
        }
        fs::create_dir(&own).unwrap();
        chown(&own, Some(12345), None).unwrap();
        assert!(open().starts_with("Denied: "), "it is another user's");
    }

    #[test]
    fn nothing_is_put_into_another_users_home() {
        let outer = tempfile::tempdir().unwrap();
        if !is_root(&outer) {
            return eprintln!("NOT TESTED, since it needs root: another user's home");
        }
        let (home, tmp) = (outer.path().join("home"), outer.path().join("tmp"));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&tmp).unwrap();
        chown(&home, Some(12345), None).unwrap();
        let found =
            in_a_child(outer.path(), None, None, &[("HOME", home.as_os_str()), ("TMPDIR", tmp.as_os_str())]);
        assert_eq!(found, tmp.join("dcache-0").display().to_string());
        assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
    }

    #[test]
    fn a_user_without_rights_is_told_so() {
        let outer = tempfile::tempdir().unwrap();
        if !is_root(&outer) {
            return eprintln!("NOT TESTED, since it needs root: a user without rights");
        }
        allow(outer.path(), 0o755);
        let root = outer.path().join("root");
        set(&Fs::open(&root).unwrap(), &key("a"), "x").unwrap();
        let open = |path: &Path| in_a_child(outer.path(), Some(12345), Some(path), &[]);
        let told = open(&root);
        assert!(told.starts_with("Denied: tier `fs`: connect: denied: "), "{told}");
        assert!(told.contains("change its owner or permissions, or name another folder"), "{told}");
        assert!(open(&outer.path().join("new")).starts_with("Denied: "), "cannot be created");
        allow(&root, 0o755);
        allow(&root.join("CACHEDIR.TAG"), 0o644);
        let told = open(&root);
        assert!(told.starts_with("Denied: tier `fs`: get: denied: ") && told.contains("(key "), "{told}");
    }

    #[test]
    fn a_pipe_in_the_place_of_the_tag_is_no_tag() -> io::Result<()> {
        let outer = tempfile::tempdir()?;
        assert!(Command::new("mkfifo").arg(outer.path().join("CACHEDIR.TAG")).status()?.success());
        assert_eq!(Fs::open(outer.path()).unwrap_err().kind(), ErrorKind::Config);
        Ok(())
    }
}
