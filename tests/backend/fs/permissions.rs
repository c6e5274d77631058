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
    assert!(
        answer.contains("belongs to user 0, who could plant values, while this process runs as user 12345"),
        "{answer}"
    );
    let answer = open(&outer.path().join("new"));
    assert!(answer.starts_with("Denied: "), "cannot be created: {answer}");
    assert!(answer.contains("change its owner or permissions, or name another folder"), "{answer}");
    chown(&root, Some(12345), None).unwrap();
    chown(root.join("CACHEDIR.TAG"), Some(12345), None).unwrap();
    let answer = open(&root);
    assert!(answer.starts_with("Denied: tier `fs`: get: denied: ") && answer.contains("(key "), "{answer}");
}

#[test]
fn files_and_folders_are_private_whatever_the_umask() {
    const TEST: &str = "files_and_folders_are_private_whatever_the_umask";
    if let Some(root) = env::var_os(PATH) {
        let fs = Fs::open(&root).unwrap();
        set(&fs, &key("a"), "x").unwrap();
        assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let program = reachable(outer.path());
    for umask in ["000", "077", "777"] {
        let root = outer.path().join(format!("as-{umask}/deep/root"));
        let test = child(&program, &format!("fs::permissions::{TEST}"));
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(format!("umask {umask}; exec \"$@\"")).arg("sh");
        shell.arg(test.get_program()).args(test.get_args()).env(PATH, &root).current_dir("/");
        if is_root(&outer) {
            let place = outer.path().join(format!("as-{umask}"));
            fs::create_dir(&place).unwrap();
            chown(&place, Some(12345), Some(12345)).unwrap();
            allow(&place, 0o700);
            allow(outer.path(), 0o755);
            shell.uid(12345).gid(12345); // whom permissions mean something to
        }
        let output = settled(&mut shell);
        assert!(output.status.success(), "{umask}: {output:?}");
        for path in tree(&outer.path().join(format!("as-{umask}"))) {
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{umask}: {}", path.display());
        }
    }
}

#[test]
fn drafts_are_not_written_where_others_can_exchange_them() {
    let (_folder, fs) = quiet();
    set(&fs, &key("a"), "x").unwrap();
    allow(&fs.root().join(".dcache"), 0o777);
    assert_eq!(set(&fs, &key("a"), "y").unwrap_err().kind(), ErrorKind::Denied);
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
    allow(&fs.root().join(".dcache"), 0o700);
    set(&fs, &key("a"), "y").unwrap();
}

#[test]
fn a_folder_that_others_can_write_to_is_refused() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("root");
    set(&Fs::open(&root).unwrap(), &key("a"), "x").unwrap();
    for others in [0o777, 0o1777, 0o770, 0o702, 0o720, 0o2775] {
        allow(&root, others);
        let error = Fs::open(&root).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        let expected = format!(
            "tier `fs`: connect: denied: `{}` can be written by other users (its mode is {others:04o}), who could plant \
             values; `chmod go-w` it, or name another folder",
            root.display()
        );
        assert_eq!(error.to_string(), expected);
    }
    for private in [0o700, 0o750, 0o755, 0o2755, 0o500] {
        allow(&root, private);
        assert!(Fs::open(&root).is_ok(), "{private:o}");
    }
    // where others can take the folder away, but plant nothing that is this user's
    allow(&root, 0o700);
    allow(outer.path(), 0o777);
    assert_eq!(get(&Fs::open(&root).unwrap(), &key("a")).unwrap().unwrap(), "x");
}

#[test]
fn a_folder_of_another_user_is_refused_even_to_root() {
    let outer = tempfile::tempdir().unwrap();
    if !is_root(&outer) {
        return eprintln!("NOT TESTED, since it needs root: a folder of another user");
    }
    let root = outer.path().join("root");
    set(&Fs::open(&root).unwrap(), &key("a"), "x").unwrap();
    chown(&root, Some(12345), None).unwrap();
    let before = tree(&root);
    let error = Fs::open(&root).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    let expected = format!(
        "tier `fs`: connect: denied: `{}` belongs to user 12345, who could plant values, while this process runs as \
         user 0; `chown 0` it, or name another folder",
        root.display()
    );
    assert_eq!(error.to_string(), expected);
    assert_eq!(tree(&root), before);
}

#[test]
fn what_others_could_have_planted_is_not_read() {
    let (outer, fs) = quiet();
    let place = path(&fs, &key("a"));
    set(&fs, &key("a"), "planted").unwrap();
    for others in [0o620, 0o602, 0o666] {
        allow(&place, others);
        assert_eq!(get(&fs, &key("a")).unwrap(), None, "{others:o}");
    }
    allow(&place, 0o644);
    assert!(get(&fs, &key("a")).unwrap().is_some(), "a copy of a warm folder");
    if !is_root(&outer) {
        return eprintln!("NOT TESTED, since it needs root: an entry of another user");
    }
    chown(&place, Some(12345), None).unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap(), None);
    set(&fs, &key("a"), "own").unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "own");
}

#[test]
fn nothing_is_written_into_a_folder_that_others_hold() {
    let (outer, fs) = quiet();
    set(&fs, &key("a"), "x").unwrap();
    let folder = path(&fs, &key("a")).parent().unwrap().to_owned();
    allow(&folder, 0o777);
    let error = set(&fs, &key("a"), "y").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        error.to_string().contains("a folder of the tier can be written by other users (its mode is 0777)")
    );
    assert_eq!(get(&fs, &key("a")).unwrap().unwrap(), "x");
    allow(&folder, 0o700);
    set(&fs, &key("a"), "y").unwrap();
    if !is_root(&outer) {
        return eprintln!("NOT TESTED, since it needs root: a folder of another user, inside and exchanged");
    }
    chown(&folder, Some(12345), None).unwrap();
    let error = set(&fs, &key("a"), "z").unwrap_err().to_string();
    assert!(error.contains("a folder of the tier belongs to user 12345"), "{error}");

    // the whole folder, by one whom the parent lets
    while fs::remove_dir_all(fs.root()).is_err() {} // a sweep may put something there meanwhile
    fs::create_dir(fs.root()).unwrap();
    chown(fs.root(), Some(12345), None).unwrap();
    let error = set(&fs, &key("a"), "z").unwrap_err().to_string();
    assert!(error.contains("a folder of the tier belongs to user 12345"), "{error}");
    assert_eq!(fs::read_dir(fs.root()).unwrap().count(), 0);
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
    let program = if user.is_some() { reachable(folder) } else { env::current_exe().unwrap() };
    let mut command = child(program, &format!("fs::permissions::{test}"));
    command.current_dir("/");
    for name in ["DCACHE_FS_ROOT", "XDG_CACHE_HOME", "HOME", "TMPDIR"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let output = settled(&mut command);
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.split_once(TOLD));
    line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).1.to_owned()
}

/// Copies this program to where any user can run it.
fn reachable(folder: &Path) -> PathBuf {
    let copy = folder.join("child");
    if !copy.exists() {
        fs::copy(env::current_exe().unwrap(), &copy).unwrap();
    }
    copy
}

/// Runs a program that was just copied.
fn settled(command: &mut std::process::Command) -> std::process::Output {
    loop {
        match command.output() {
            // a process that another test starts just now still holds the copy open
            Err(busy) if busy.kind() == io::ErrorKind::ExecutableFileBusy => thread::yield_now(),
            output => return output.unwrap(),
        }
    }
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
