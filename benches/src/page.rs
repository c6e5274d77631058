//! The page `docs/performance.md`, made of what was last measured of each group.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::slice::from_ref;

use crate::groups;
use crate::machine::Machine;
use crate::measure::Outcome;
use crate::{chart, table};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

const HEAD: &str = "# Performance

dcache beside its peers. `cargo run --release -- --write` in `benches` measures all of it and writes this page, the
charts and the figures behind them (`docs/performance/`); with names of groups it measures these alone, and
`-- --list` lists them.

How to read it:

- The contenders of a group take turns within one run: in each round each of them works for some milliseconds, in a new
  order. A figure is the median of the rounds, with the quartiles around it.
- A ratio is taken in each round, and its median is what a bound is held against: what else the machine does comes to
  all contenders. Absolute figures are this machine's. A slice of short calls in which a thread had to wait for a
  processor is taken again, and left out if that goes on.
- Each peer is used as its own documentation says, with the same capacity, keys and values. Nothing is subtracted:
  the loop around a call is in all of them alike, and takes less than a nanosecond.
- dcache keeps its statistics, and everything else that `docs` promise, while it is measured.

";

/// Keeps what came out of a group, and draws it.
pub fn store(outcome: &Outcome) -> io::Result<()> {
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let figures = serde_json::to_string_pretty(outcome)? + "\n";
    fs::write(folder.join(format!("{}.json", outcome.name)), figures)?;
    fs::write(folder.join(format!("{}.svg", outcome.name)), chart::svg(outcome))
}

/// Writes the page from all that is kept.
pub fn write() -> io::Result<()> {
    let outcomes: Vec<Outcome> = groups::LIST.iter().filter_map(|known| load(known.name)).collect();
    let Some(latest) = outcomes.iter().map(|outcome| &outcome.machine).max_by_key(|machine| &machine.date)
    else {
        return Ok(());
    };
    let mut page = HEAD.to_owned() + &about(latest);
    page += "## What must hold\n\nA figure is over its bound when the median of its ratio is.\n\n";
    page += &table::checks(&outcomes).markdown();
    for outcome in &outcomes {
        page += &section(outcome, latest);
    }
    fs::write(PathBuf::from(DOCS).join("performance.md"), page)
}

fn folder() -> PathBuf {
    PathBuf::from(DOCS).join("performance")
}

fn load(name: &str) -> Option<Outcome> {
    let figures = fs::read(folder().join(format!("{name}.json"))).ok()?;
    serde_json::from_slice(&figures).ok()
}

fn about(machine: &Machine) -> String {
    let Machine { processor, cores, kernel, rustc, crates, date, load: _ } = machine;
    format!(
        "| measured on | |\n|---|---|\n| processor | {processor}, {cores} cores |\n| system | {kernel} |\n\
         | compiler | {rustc}, optimised, thin LTO |\n| crates | {crates} |\n| day | {date} |\n\n",
        crates = crates.join(", "),
    )
}

fn section(outcome: &Outcome, latest: &Machine) -> String {
    let Outcome { name, title, about, rounds, machine, .. } = outcome;
    let mut section = format!(
        "\n## {title}\n\n{about}\n\n![{title}](performance/{name}.svg)\n\n{rows}\n",
        rows = table::rows(outcome).markdown(),
    );
    if !outcome.checks.is_empty() {
        section += &table::checks(from_ref(outcome)).markdown();
        section += "\n";
    }
    section += &format!("Group `{name}`, {rounds} rounds, {}, load {}.\n", machine.date, machine.load);
    if !machine.is_like(latest) {
        section += "\nMeasured elsewhere, or with other versions:\n\n";
        section += self::about(machine).trim_end();
        section += "\n";
    }
    section
}
