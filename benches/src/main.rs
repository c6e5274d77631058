//! dcache beside its peers: all groups of benchmarks, and the page `docs/performance.md`.
//!
//! ```text
//! cargo run --release                            # everything
//! cargo run --release -- --quick                 # everything, fewer rounds
//! cargo run --release -- hit-u64 miss            # the groups whose names begin so
//! cargo run --release -- --write hit             # and write what was measured into docs/
//! cargo run --release -- --only dcache miss      # contenders whose names begin so, for a profile
//! cargo run --release -- --list
//! ```
//!
//! The contenders of a group take turns within one run: in each round each of them does a slice of the work, in a new
//! order. Ratios are taken within each round, so that a noisy machine is noisy for all. On Linux a machine that others
//! keep busy can be made to prefer it:
//!
//! ```text
//! setsid sh -c 'echo -18 > /proc/self/autogroup; nice -n -18 cargo run --release'
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `figure.rs` | units; median and quartiles |
//! | `keys.rs` | the order in which keys are asked for |
//! | `runtime.rs` | the runtime of asynchronous calls, the second thread |
//! | `callers.rs` | one caller that waits, and 64 at once |
//! | `server.rs` | a Redis of one's own |
//! | `folder.rs` | room for files |
//! | `project.rs` | small packages that depend on a contender |
//! | `contender.rs` | one way to do the work of a group |
//! | `group.rs` | contenders, and what must hold between them |
//! | `machine.rs` | what the figures were measured on |
//! | `measure.rs` | taking turns; what came out |
//! | `table.rs` `chart.rs` `page.rs` | what came out, for people |
//! | `groups/` | the groups themselves |

mod callers;
mod chart;
mod contender;
mod figure;
mod folder;
mod group;
mod groups;
mod keys;
mod machine;
mod measure;
mod page;
mod project;
mod runtime;
mod server;
mod table;

use std::error::Error;
use std::process::ExitCode;

use crate::measure::Plan;

/// What the command line asks for.
#[derive(Default)]
struct Asked {
    /// How the names of the groups begin; all groups where there is none.
    groups: Vec<String>,
    plan: Plan,
    write: bool,
    list: bool,
}

impl Asked {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => asked.plan.quick = true,
                "--only" => asked.plan.only.extend(arguments.next()),
                "--write" => asked.write = true,
                "--list" => asked.list = true,
                flag if flag.starts_with('-') => {
                    return Err(format!(
                        "unknown argument `{flag}`; there are --quick, --only, --write and --list"
                    ));
                }
                name => asked.groups.push(name.to_owned()),
            }
        }
        match asked.groups.iter().find(|name| !groups::LIST.iter().any(|known| known.name.starts_with(*name)))
        {
            _ if asked.write && !asked.plan.only.is_empty() => Err("--write needs all contenders".to_owned()),
            Some(name) => Err(format!("no group's name begins with `{name}`; --list shows them")),
            None => Ok(asked),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|start| name.starts_with(start))
    }
}

fn run(asked: &Asked) -> Result<bool, Box<dyn Error>> {
    let plan = &asked.plan;
    let mut all_hold = true;
    for known in groups::LIST.iter().filter(|known| asked.wants(known.name)) {
        if asked.list {
            println!("{}", known.name);
            continue;
        }
        let group = match (known.build)(plan) {
            Ok(group) => group,
            Err(error) => {
                eprintln!("{} is left out: {error}\n", known.name);
                all_hold = false;
                continue;
            }
        };
        let outcome = measure::run(known.name, group, plan);
        println!("{}\n", table::text(&outcome));
        all_hold &= outcome.checks.iter().all(|check| check.holds);
        if asked.write {
            page::store(&outcome)?;
        }
    }
    if asked.write {
        page::write()?;
    }
    Ok(all_hold)
}

fn main() -> ExitCode {
    let asked = match Asked::read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match run(&asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("some figures are over their bounds, or could not be taken");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
