//! What the figures were measured on.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The machine, and what else it was doing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub kernel: String,
    pub rustc: String,
    /// Crates that take part, with their versions.
    pub crates: Vec<String>,
    /// The day, in UTC.
    pub date: String,
    /// How many programs wanted to run, on average of the minute before.
    pub load: String,
}

/// Crates whose versions matter to the figures.
const CRATES: &[&str] = &[
    "cached",
    "foyer",
    "hitbox",
    "hitbox-fn",
    "hitbox-moka",
    "memoize",
    "moka",
    "object_store",
    "quick_cache",
    "redis",
    "tokio",
];

const UNKNOWN: &str = "unknown";

impl Machine {
    /// Describes the machine this program runs on, as it is now.
    pub fn now() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, Into::into);
        let load = read("/proc/loadavg").split(' ').next().unwrap_or(UNKNOWN).to_owned();
        Self {
            processor: processor(),
            cores,
            kernel: output("uname", &["-sr"]),
            rustc: output("rustc", &["--version"]),
            crates: CRATES.iter().filter_map(|name| version(name)).collect(),
            date: output("date", &["-u", "+%F"]),
            load,
        }
    }

    /// Returns whether figures of both may stand beside each other.
    pub fn is_like(&self, other: &Self) -> bool {
        let Self { processor, cores, kernel, rustc, crates, date: _, load: _ } = self;
        (processor, cores, kernel, rustc, crates)
            == (&other.processor, &other.cores, &other.kernel, &other.rustc, &other.crates)
    }
}

/// Returns for how long this thread was ready, and had no processor; always nothing where the system does not say.
pub fn waited() -> Duration {
    let statistics = read("/proc/thread-self/schedstat");
    let nanos = statistics.split_whitespace().nth(1).and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fn processor() -> String {
    let info = read("/proc/cpuinfo");
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split(": ").nth(1)).unwrap_or(UNKNOWN).to_owned()
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output =
        Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
    match String::from_utf8_lossy(&output).trim() {
        "" => UNKNOWN.to_owned(),
        said => said.to_owned(),
    }
}

/// Finds a crate in this package's `Cargo.lock`.
fn version(name: &str) -> Option<String> {
    const LOCK: &str = include_str!("../Cargo.lock");
    let package = LOCK.split("\n\n").find(|package| package.contains(&format!("name = \"{name}\"\n")))?;
    let line = package.lines().find_map(|line| line.strip_prefix("version = \""))?;
    Some(format!("{name} {}", line.trim_end_matches('"')))
}
