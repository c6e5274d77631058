//! What this process may not have: permission, and open files.

use std::env;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{self, Command};

use dcache_tests::mount::run;
use dcache_tests::{child, is_child};

use super::*;
use crate::page::{ELSEWHERE, Row};
use crate::turn::Turn;

/// Where another user's process keeps its folder.
const PLACE: &str = "DCACHE_TEST_PLACE";

#[test]
fn denied() {
    let fault = Fault {
        name: "no permission",
        cause: "`chmod 0` of the folder while it is in use, by a process of a user that permissions mean something to",
        log: "WARN tier `fs`: get: denied: Permission denied …; check the owner and the permissions of the folder …; \
              calls go on without it",
        ..FAILING
    };
    if is_root() {
        return as_another_user("files::rights::denied");
    }
    let place = env::var_os(PLACE).map_or_else(env::temp_dir, PathBuf::from);
    fault.measure(|trial| {
        let outer = tempfile::tempdir_in(&place).unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        let allow = |mode| fs::set_permissions(fs.root(), Permissions::from_mode(mode)).unwrap();
        allow(0);
        calls.survive();
        allow(0o700);
        calls.recover();
    });
}

/// Runs a test again in a process of another user, and takes its row over.
fn as_another_user(test: &str) {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o1777)).unwrap();
    let (program, rows) = (place.path().join("child"), place.path().join("rows"));
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    let mut command = child(&program, test);
    command.env(ELSEWHERE, &rows).env(PLACE, place.path()).env("TMPDIR", place.path()).env_remove("HOME");
    command.current_dir("/").uid(12345).gid(12345);
    let _turn = Turn::take(); // that process knows of no others
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    println!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Row::take_over(&rows);
}

#[test]
fn too_many_open_files() {
    let fault = Fault {
        name: "too many open files",
        cause: "`prlimit --nofile=200` of the process, which then opens as many",
        log: "WARN tier `fs`: get: unavailable: Too many open files …; calls go on without it",
        ..FAILING
    };
    // a process of its own, the limit of which ends with it
    if !is_child() {
        let output =
            child(env::current_exe().unwrap(), "files::rights::too_many_open_files").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        println!("{text}");
        return assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    }
    let limit = |files: &str| {
        run(Command::new("prlimit")
            .arg("--pid")
            .arg(process::id().to_string())
            .arg(format!("--nofile={files}:")))
    };
    if let Err(why) = limit("200") {
        return fault.leave_out(&format!("it takes prlimit: {why}"));
    }
    fault.measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("root"));
        let mut calls = trial.calls(|| fs.clone());
        calls.work();
        fs.sweep().unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        assert!(taken.len() < 200 && File::open("/dev/null").is_err());
        calls.survive();
        drop(taken);
        calls.recover();
    });
}
