//! Crates that use the attribute where it is hardest: each compiles without a warning, and one of them runs.
//!
//! Every folder beside this file is a crate outside of the workspace, as a lint level, an edition or the name of a
//! dependency belongs to a crate. All say `deny(warnings)`, depend on dcache alone, take the versions of the
//! workspace's lock file, so that nothing is downloaded, and share one target folder below the workspace's.
//! `plain.rs` and `absolute.rs` are in several of them.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn no_lint_objects_and_unsafe_code_can_be_forbidden() {
    cargo("clippy", "strict");
}

#[test]
fn no_prelude_is_needed() {
    cargo("check", "no_prelude");
}

#[test]
fn names_in_scope_may_mean_anything() {
    cargo("check", "shadows");
}

#[test]
fn the_dependency_may_be_renamed() {
    cargo("check", "renamed");
}

#[test]
fn edition_2018_compiles_and_caches() {
    cargo("run", "edition_2018");
}

#[test]
fn edition_2021_compiles() {
    cargo("check", "edition_2021");
}

#[test]
fn edition_2024_compiles() {
    cargo("check", "edition_2024");
}

/// So many lines a function without controls may take, as the compiler prints them, its registration for
/// `dcache::functions` included.
const LINES: usize = 40;

#[test]
fn an_expansion_is_short() {
    let output = command("rustc", "expansion")
        .args(["--profile", "check", "--", "-Zunpretty=expanded"])
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let function = text.lines().skip_while(|line| !line.starts_with("pub fn f("));
    let lines = function.clone().take_while(|line| *line != "}").count() + 1;
    assert!(lines > 10 && function.clone().any(|line| line == "}"), "no function in:\n{text}");
    assert!(lines <= LINES, "{lines} lines:\n{text}");
}

/// Runs a command of cargo in one of the crates.
fn cargo(command: &str, name: &str) {
    let root = tempfile::tempdir().unwrap();
    let output = self::command(command, name).env("DCACHE_FS_ROOT", root.path()).output().unwrap();
    assert!(output.status.success(), "cargo {command}:\n{}", String::from_utf8_lossy(&output.stderr));
}

fn command(command: &str, name: &str) -> Command {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tests.join("hygiene").join(name);
    fs::copy(tests.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([command, "--offline", "--quiet"])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("hygiene"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    cargo
}
