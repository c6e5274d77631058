//! Who may read and write the folder, and which one is the default.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::thread;

use dcache_tests::{child, is_child};

use super::*;

/// Names the folder for [`tell`] to open; without it that is the default one.
const PATH: &str = "DCACHE_TEST_PATH";

/// What the line of [`tell`] begins with.
const TOLD: &str = "child: ";

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
fn the_default_folder_is_the_first_that_the_environment_names() {
    const TEST: &str = "the_default_folder_is_the_first_that_the_environment_names";
    if is_child() {
        return tell();
    }
    let outer = tempfile::tempdir().unwrap();
    let place = |name: &str| outer.path().join(name);
    fs::create_dir(place("tmp")).unwrap();
    fs::create_dir(place("home")).unwrap();
    let (mut variables, mut found) = (Vec::new(), Vec::new());
    let places = [place("tmp"), place("home"), place("xdg"), place("named")];
    for (name, place) in ["TMPDIR", "HOME", "XDG_CACHE_HOME", "DCACHE_FS_ROOT"].iter().zip(&places) {
        variables.push((*name, place.as_os_str()));
        found.push(told(TEST, outer.path(), None, &variables));
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
    const TEST: &str = "a_temporary_folder_that_others_could_exchange_is_refused";
    if is_child() {
        return tell();
    }
    let outer = tempfile::tempdir().unwrap();
    let user = fs::metadata(outer.path()).unwrap().uid();
    let tmp = outer.path().join("tmp");
    let open = || told(TEST, outer.path(), None, &[("TMPDIR", tmp.as_os_str())]);
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
    const TEST: &str = "nothing_is_put_into_another_users_home";
    if is_child() {
        return tell();
    }
    let outer = tempfile::tempdir().unwrap();
    if !is_root(&outer) {
        return eprintln!("NOT TESTED, since it needs root: another user's home");
    }
    let (home, tmp) = (outer.path().join("home"), outer.path().join("tmp"));
    fs::create_dir(&home).unwrap();
    fs::create_dir(&tmp).unwrap();
    chown(&home, Some(12345), None).unwrap();
    let found = told(TEST, outer.path(), None, &[("HOME", home.as_os_str()), ("TMPDIR", tmp.as_os_str())]);
    assert_eq!(found, tmp.join("dcache-0").display().to_string());
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
fn a_user_without_rights_is_told_so() {
    const TEST: &str = "a_user_without_rights_is_told_so";
    if is_child() {
        return tell();
    }
    let outer = tempfile::tempdir().unwrap();
    if !is_root(&outer) {
        return eprintln!("NOT TESTED, since it needs root: a user without rights");
    }
    allow(outer.path(), 0o755);
    let root = outer.path().join("root");
    set(&Fs::open(&root).unwrap(), &key("a"), "x").unwrap();
    let open = |path: &Path| told(TEST, outer.path(), Some(12345), &[(PATH, path.as_os_str())]);
    let answer = open(&root);
    assert!(answer.starts_with("Denied: tier `fs`: connect: denied: "), "{answer}");
    assert!(answer.contains("change its owner or permissions, or name another folder"), "{answer}");
    assert!(open(&outer.path().join("new")).starts_with("Denied: "), "cannot be created");
    allow(&root, 0o755);
    allow(&root.join("CACHEDIR.TAG"), 0o644);
    let answer = open(&root);
    assert!(answer.starts_with("Denied: tier `fs`: get: denied: ") && answer.contains("(key "), "{answer}");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn is_root(folder: &TempDir) -> bool {
    fs::metadata(folder.path()).unwrap().uid() == 0
}

/// Runs a test again in a process of its own, as another user if one is named, and says what [`tell`] told.
fn told(test: &str, folder: &Path, user: Option<u32>, variables: &[(&str, &OsStr)]) -> String {
    let mut program = env::current_exe().unwrap();
    if user.is_some() {
        let reachable = folder.join("child");
        if !reachable.exists() {
            fs::copy(&program, &reachable).unwrap();
        }
        program = reachable;
    }
    let mut command = child(program, &format!("fs::permissions::{test}"));
    command.current_dir("/");
    for name in ["DCACHE_FS_ROOT", "XDG_CACHE_HOME", "HOME", "TMPDIR"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
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
    let line = text.lines().find_map(|line| line.split_once(TOLD));
    line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).1.to_owned()
}

/// Opens the folder that the environment names, as the child of a test, and prints what it came to.
fn tell() {
    let opened = match env::var_os(PATH) {
        Some(path) => Fs::open(path),
        None => Fs::open_default(),
    };
    match opened.and_then(|fs| get(&fs, &key("a")).map(|_| fs)) {
        Ok(fs) => println!("{TOLD}{}", fs.root().display()),
        Err(error) => println!("{TOLD}{:?}: {error}", error.kind()),
    }
}
