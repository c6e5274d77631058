//! Compares counted instructions with their budgets: reads what gungraun writes as JSON, and `budgets.txt`.
//!
//! Fails where a call takes more than its budget and head-room, and where there is a budget or a count without the
//! other. `--write` puts what was counted into `budgets.txt` instead.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead};
use std::process::{Command, ExitCode};

use dcache_instructions::CALLS;
use serde_json::Value;

/// In the folder of the package, from which `run` starts this.
const FILE: &str = "budgets.txt";

/// Head-room under a compiler that is not the one of the budgets, as a share of the budget: two releases of Rust seldom
/// make the same code of this.
const OTHER_COMPILER: f64 = 0.05;

/// What is compared with what.
struct Comparison {
    /// The line of the compiler in `budgets.txt`, and that of this one.
    compilers: (String, String),
    counts: BTreeMap<String, Count>,
}

/// What was counted.
struct Count {
    /// Instructions of one call.
    instructions: f64,
    /// Where callgrind's profile lies.
    folder: String,
}

/// A line of `budgets.txt`.
struct Budget<'a> {
    name: &'a str,
    instructions: f64,
    room: f64,
}

impl<'a> Budget<'a> {
    /// Reads `name instructions head-room what`; nothing from comments, empty lines and the compiler's.
    fn read(line: &'a str) -> Result<Option<Self>, String> {
        let mut words = line.split_whitespace();
        let name = match words.next() {
            None | Some("rustc") => return Ok(None),
            Some(word) if word.starts_with('#') => return Ok(None),
            Some(word) => word,
        };
        let mut number = || words.next().and_then(|word| word.parse().ok());
        match (number(), number()) {
            (Some(instructions), Some(room)) => Ok(Some(Self { name, instructions, room })),
            _ => Err(format!("budgets.txt: not `name instructions head-room what`: {line}")),
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let table = fs::read_to_string(FILE)?;
    let written = table.lines().find(|line| line.starts_with("rustc ")).unwrap_or_default().to_owned();
    let comparison = Comparison { compilers: (written, compiler()?), counts: counts(io::stdin().lock())? };
    if std::env::args().nth(1).as_deref() == Some("--write") {
        fs::write(FILE, comparison.write(&table)?)?;
        println!("budgets.txt holds what was counted");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(if comparison.hold(&table)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns `rustc` and its version.
fn compiler() -> Result<String, Box<dyn Error>> {
    let version = String::from_utf8(Command::new("rustc").arg("--version").output()?.stdout)?;
    Ok(version.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// Reads a line of JSON for each kind of call.
fn counts(lines: impl BufRead) -> Result<BTreeMap<String, Count>, Box<dyn Error>> {
    let mut counts = BTreeMap::new();
    for line in lines.lines() {
        let summary: Value = serde_json::from_str(&line?)?;
        let all = summary.pointer("/profiles/0/data/total/metrics/Ir/values/new").and_then(Value::as_u64);
        let (Some(name), Some(all), Some(folder)) =
            (summary["id"].as_str(), all, summary["output_dir"].as_str())
        else {
            return Err(format!("gungraun says something else than it used to: {summary}").into());
        };
        let count = Count { instructions: all as f64 / CALLS as f64, folder: folder.to_owned() };
        counts.insert(name.to_owned(), count);
    }
    Ok(counts)
}

impl Comparison {
    /// Prints all counts beside their budgets, and returns whether none is above.
    fn hold(mut self, table: &str) -> Result<bool, String> {
        let (written, here) = &self.compilers;
        let is_other = written != here;
        if is_other {
            println!(
                "budgets are of {written}, this is {here}: {:.0} % of head-room",
                100.0 * OTHER_COMPILER
            );
        }
        println!("{:<12}{:>10}{:>10}{:>10}", "a call", "counted", "budget", "head-room");
        let (mut over, mut below) = (Vec::new(), Vec::new());
        for line in table.lines() {
            let Some(Budget { name, instructions: budget, room }) = Budget::read(line)? else { continue };
            let room = if is_other { room.max(budget * OTHER_COMPILER) } else { room };
            let Some(count) = self.counts.remove(name) else {
                over.push(format!(
                    "{name} has a budget and was not counted: take its line out of budgets.txt"
                ));
                continue;
            };
            let counted = count.instructions;
            println!("{name:<12}{counted:>10.1}{budget:>10.1}{room:>10.1}");
            if counted > budget + room {
                let (more, percent) = (counted - budget, 100.0 * (counted / budget - 1.0));
                over.push(format!(
                    "{name} takes {more:.1} instructions a call more than its budget of {budget} (+{percent:.1} %):\n    \
                     callgrind_annotate {}/callgrind.*.out | head -60",
                    count.folder
                ));
            } else if counted < budget - room {
                below.push(name);
            }
        }
        over.extend(
            self.counts.keys().map(|name| format!("{name} has no budget: give it a line in budgets.txt")),
        );
        if !below.is_empty() {
            println!("below budget: {}; lower it by `benches/instructions/run --write`", below.join(", "));
        }
        for one in &over {
            println!("OVER: {one}");
        }
        if !over.is_empty() {
            println!(
                "Find what it is spent on, as above, and take it back; where it is worth it, raise the budget by\n\
                 `benches/instructions/run --write`, and say in the commit what it buys."
            );
        }
        Ok(over.is_empty())
    }

    /// Returns the table with what was counted, under this compiler.
    fn write(&self, table: &str) -> Result<String, String> {
        let (_, compiler) = &self.compilers;
        let mut written = String::new();
        for line in table.lines() {
            let budget = Budget::read(line)?;
            match budget.and_then(|budget| Some((self.counts.get(budget.name)?, budget))) {
                Some((count, Budget { name, room, .. })) => {
                    let what = line.split_whitespace().skip(3).collect::<Vec<_>>().join(" ");
                    written += &format!("{name:<12}{:>8.1}{room:>8}   {what}\n", count.instructions);
                }
                None if line.starts_with("rustc ") => written += &format!("{compiler}\n"),
                None => written += &format!("{line}\n"),
            }
        }
        Ok(written)
    }
}
