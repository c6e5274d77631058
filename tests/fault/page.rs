//! `docs/faults.md`: a row for each fault, written by its test, and put together here.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fault::{BEYOND_BUDGET, Breaker, Fault, Group, Measured, RECOVERY, WHILE_OPEN};

/// Where the rows of a run are.
const ROWS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/faults");

/// Names another folder, for a process that may not write there.
pub(crate) const ELSEWHERE: &str = "DCACHE_FAULT_ROWS";

/// The page as it is checked in.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/faults.md");

/// Set to `write`, the page is made anew.
const SWITCH: &str = "DCACHE_FAULTS";

/// The cells of a row, in the order of the page.
const CELLS: usize = 7;

/// Which cells differ from run to run.
const MEASURED: [usize; 3] = [2, 3, 4];

/// Returns where this process writes its rows.
pub(crate) fn folder() -> PathBuf {
    std::env::var_os(ELSEWHERE).map_or(PathBuf::from(ROWS), PathBuf::from)
}

/// What a fault came to.
pub(crate) struct Row {
    group: Group,
    /// Why the fault was not caused, if it was not.
    left_out: Option<String>,
    cells: [String; CELLS],
}

impl Row {
    /// Makes the row of what was measured.
    pub(crate) fn of(fault: Fault, measured: &Measured) -> Self {
        let is_open = match fault.breaker {
            Breaker::Opens => ", `open`",
            Breaker::OpensForWrites => ", `open` for writes alone",
            Breaker::StaysClosed => "",
        };
        let log = if fault.log.is_empty() { "none".to_owned() } else { code(fault.log) };
        let took = |took: Option<Duration>| took.map_or("–".to_owned(), milliseconds);
        let cells = [
            fault.name.to_owned(),
            fault.cause.to_owned(),
            format!("yes, {}", measured.results),
            format!("{} / {}", took(measured.before), took(measured.after)),
            took(measured.recovery),
            format!("{}{is_open}", fault.counter),
            log,
        ];
        Self { group: fault.group, left_out: None, cells }
    }

    /// Makes the row of a fault that was not caused.
    pub(crate) fn left_out(fault: Fault, reason: &str) -> Self {
        Self { left_out: Some(reason.to_owned()), ..Self::of(fault, &Measured::default()) }
    }

    /// Removes what an earlier run wrote.
    pub(crate) fn forget(fault: Fault) {
        let _ = fs::remove_file(Self::path(fault.name));
    }

    fn path(name: &str) -> PathBuf {
        let file: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        folder().join(file)
    }

    /// Writes the row to where the page is put together from.
    pub(crate) fn write(&self) {
        let group = Group::ALL.iter().position(|group| *group == self.group).unwrap();
        let reason = self.left_out.as_deref().unwrap_or_default();
        let text = format!("{group}\n{reason}\n{}", self.cells.join("\n"));
        let path = Self::path(&self.cells[0]);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Takes over the rows that another process wrote into a folder.
    pub(crate) fn take_over(folder: &Path) {
        for row in fs::read_dir(folder).unwrap() {
            Self::read(&fs::read_to_string(row.unwrap().path()).unwrap()).write();
        }
    }

    fn read(text: &str) -> Self {
        let lines: Vec<_> = text.lines().collect();
        let cells = lines[2..].iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>().try_into();
        Self {
            group: Group::ALL[lines[0].parse::<usize>().unwrap()],
            left_out: Some(lines[1].to_owned()).filter(|reason| !reason.is_empty()),
            cells: cells.unwrap(),
        }
    }

    fn line(&self) -> String {
        format!("| {} |\n", self.cells.join(" | "))
    }
}

/// Quotes what may contain backticks.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn milliseconds(took: Duration) -> String {
    match took.as_secs_f64() * 1e3 {
        ms if ms >= 1000.0 => format!("{:.1} s", ms / 1e3),
        ms if ms >= 10.0 => format!("{ms:.0} ms"),
        ms if ms >= 1.0 => format!("{ms:.1} ms"),
        ms => format!("{ms:.2} ms"),
    }
}

/// Puts the page together.
fn page(rows: &[Row]) -> String {
    let (beyond, open, recovery) = (BEYOND_BUDGET.as_millis(), WHILE_OPEN.as_millis(), RECOVERY.as_secs());
    let mut page = format!(
        "# What faults of tiers come to

The tests of `tests/fault` cause each of these {count} faults by its real cause, call a function whose tier has it, and write
this page. Whatever the fault, the call returns what the bare function returns.

How to read a row:

- **result** – whether every call returned what the bare function returns, and how many were made.
- **added** – how long the slowest call took before the breaker opened / and 99 of 100 calls (p99) after that. Bodies
  are instant here, so this is all added by the tier. The bounds are the tier's time budget (100 ms for `redis`,
  250 ms for `fs`, for `s3` 300 ms here, where it is usually 2 s) + {beyond} ms / and {open} ms. Where `open` is not among the counters, or for writes alone, the tier
  answers in time or the fault is a single entry's: it is still asked, and the first bound holds for all calls.
- **back** – how long it took from the end of the fault until the tier answered calls again; at most {recovery} s. The breaker
  tries a tier once in 5 s.
- **counter** – which count of the tier in `stats()` rises, and whether `open` is set. See `docs/operating.md`.
- **log line** – the line that names the fault, logged once per change of state; `…` stands for what differs: addresses, paths,
  keys.

Each figure is the worse of a synchronous and an asynchronous caller's. A test fails when a bound is passed, when a
result is another, when any thread panics, and when no counter or line tells of the fault.

`tests/run` compares this page with what the tests say, all but the figures. To make it again:

```sh
cargo nextest run --package dcache-tests --test fault
DCACHE_FAULTS=write cargo nextest run --package dcache-tests --test fault --run-ignored only
```
",
        count = rows.len(),
    );
    for group in Group::ALL {
        let mut rows: Vec<_> = rows.iter().filter(|row| row.group == group).collect();
        if rows.is_empty() {
            continue;
        }
        rows.sort_by(|a, b| a.cells[0].cmp(&b.cells[0]));
        let _ = write!(
            page,
            "\n## {}\n\n| fault | how it is caused | result | added | back | counter | log line |\n\
             |---|---|---|---|---|---|---|\n",
            group.title()
        );
        rows.iter().for_each(|row| page += &row.line());
    }
    page
}

/// Returns a page's lines without what was measured.
fn unmeasured(page: &str) -> Vec<String> {
    let blank = |line: &str| {
        let mut cells: Vec<_> = line.split(" | ").collect();
        if cells.len() == CELLS {
            MEASURED.iter().for_each(|&cell| cells[cell] = "");
        }
        cells.join(" | ")
    };
    page.lines().map(blank).collect()
}

/// Reads the rows that this very program wrote: those of an older one may tell of what is no more.
fn rows() -> Vec<Row> {
    let built = |path: &Path| path.metadata().and_then(|about| about.modified());
    let program = built(&std::env::current_exe().unwrap()).unwrap();
    let files = fs::read_dir(ROWS).into_iter().flatten().map(|file| file.unwrap().path());
    let current = files.filter(|path| built(path).unwrap() > program);
    current.map(|path| Row::read(&fs::read_to_string(path).unwrap())).collect()
}

#[test]
#[ignore = "it puts together what all the others wrote; `tests/run` runs it after them"]
fn the_page_is_what_the_tests_say() {
    let rows = rows();
    for row in &rows {
        if let Some(reason) = &row.left_out {
            println!("LEFT OUT: {}, since {reason}", row.cells[0]);
        }
    }
    let made = page(&rows);
    println!("{made}");
    if std::env::var(SWITCH).is_ok_and(|switch| switch == "write") {
        let is_whole = rows.iter().all(|row| row.left_out.is_none());
        assert!(is_whole, "faults were left out, and the page has to have them");
        return fs::write(PAGE, made).unwrap();
    }
    let (made, kept) = (unmeasured(&made), unmeasured(&fs::read_to_string(PAGE).unwrap_or_default()));
    let missing: Vec<_> = kept.iter().filter(|line| !made.contains(line)).collect();
    let new: Vec<_> = made.iter().filter(|line| !kept.contains(line)).collect();
    assert!(
        made == kept,
        "docs/faults.md is not what the tests say; run all of them, then see at its top how to make it again\n\
         on the page alone: {missing:#?}\nsaid by the tests alone: {new:#?}"
    );
}

#[test]
fn what_is_measured_does_not_count_as_a_difference() {
    let row = |result: &str, log: &str| {
        let cells = ["a", "b", result, result, result, "c", log].map(str::to_owned);
        Row { group: Group::Files, left_out: None, cells }
    };
    let page_of = |result, log| unmeasured(&page(&[row(result, log)]));
    assert_eq!(page_of("1 ms", "d"), page_of("2 ms", "d"));
    assert_ne!(page_of("1 ms", "d"), page_of("1 ms", "e"));
    assert_eq!(Row::read("4\n\na\nb\n1\n1\n1\nc\nd").line(), row("1", "d").line());
}
