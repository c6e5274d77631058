//! What an entry takes of memory.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::contender::Contender;
use crate::figure::Unit;
use crate::group::{Bound, Group};
use crate::measure::Plan;

/// Contenders of the program `footprint`.
const CONTENDERS: [&str; 10] = [
    "quick_cache",
    "cached",
    "cached, max_size",
    "cached, max_size, ttl",
    "concurrent_cached, max_size, ttl",
    "moka",
    "foyer",
    "memoize, shared, Capacity",
    "dcache",
    "dcache, ttl",
];

pub fn number(_: &Plan) -> io::Result<Group> {
    let program = built()?;
    let contenders = CONTENDERS.map(|name| {
        let program = program.clone();
        Contender::figure(name, move || {
            let measured = Command::new(&program).arg(name).output().and_then(said);
            let figure = measured.and_then(|said| said.trim().parse().map_err(io::Error::other));
            figure.unwrap_or_else(|error| panic!("{name}: {error}"))
        })
    });
    Ok(Group::new(
        "Memory for each entry, u64 → u64",
        "A cache with room for a million entries, filled with a million, in a process of its own: the bytes that are \
         allocated for it, by the number of entries that it then holds. What the allocator itself adds is not counted.",
    )
    .unit(Unit::Bytes)
    .contenders(contenders)
    .bounds([Bound::plus("dcache", 24.0, "quick_cache"), Bound::plus("dcache, ttl", 24.0, "quick_cache")])
    .rounds(1, 0))
}

/// Builds the program, and returns where it is.
fn built() -> io::Result<PathBuf> {
    let arguments = ["build", "--release", "--quiet", "--bin", "footprint"];
    Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .and_then(said)?;
    let own = std::env::current_exe()?;
    Ok(own.with_file_name(format!("footprint{}", std::env::consts::EXE_SUFFIX)))
}

fn said(output: Output) -> io::Result<String> {
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}
