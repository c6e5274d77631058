//! How long `cargo check` takes for 200 cached functions, beside the same ones under `cached`.
//!
//! ```text
//! cargo run --release --bin check
//! ```
//!
//! It writes small crates below the target folder: the same functions without an attribute, under `cached` with the
//! options that mean the same, under `#[dcache]`, and under `#[dcache(companion = none)]`. Both libraries keep
//! values in memory alone, and go by their defaults where a shape asks for nothing, so dcache's functions have all
//! their controls. What the crates depend on is built first. Then they take turns: each round touches every
//! `lib.rs` and checks it, without incremental compilation. The time is that of the whole command; nothing is
//! subtracted. Ratios are taken within each round, so that a noisy machine is noisy for both.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const FUNCTIONS: usize = 200;
const ROUNDS: usize = 11;

/// A function, `{n}` in place of its number, and what is written above it.
struct Shape {
    cached: &'static str,
    dcache: &'static str,
    function: &'static str,
    is_method: bool,
}

impl Shape {
    const fn free(cached: &'static str, dcache: &'static str, function: &'static str) -> Self {
        Self { cached, dcache, function, is_method: false }
    }
}

/// What real code caches: numbers and text in; values, options and results out; half of what waits is fallible.
/// All are equally many, as nobody knows which is the commonest.
///
/// `cached` keeps no `None` unless told to, and dcache does.
const SHAPES: &[Shape] = &[
    Shape::free("", "", "pub fn square{n}(n: u64) -> u64 { n.wrapping_mul(n + {n}) }"),
    Shape::free(
        "max_size = 1000",
        "backend = memory(capacity = 1000)",
        "pub fn area{n}(width: u32, height: u32) -> u64 { u64::from(width) * u64::from(height) + {n} }",
    ),
    Shape::free(
        "ttl_secs = 60",
        r#"ttl = "60s""#,
        "pub async fn later{n}(id: u64) -> String { ready(id + {n}).await.to_string() }",
    ),
    Shape::free(
        "",
        "",
        "pub fn root{n}(n: i64) -> Result<i64, Failed> { n.checked_isqrt().ok_or(Failed({n})) }",
    ),
    Shape::free(
        "cache_none = true",
        "",
        "pub fn half{n}(n: u64) -> Option<u64> { (n % 2 == 0).then(|| n / 2 + {n}) }",
    ),
    Shape::free(
        "",
        "",
        "pub async fn quote{n}(item: u64, count: u32) -> Result<Vec<u64>, Failed> {
            let price = ready(item.checked_mul({n})).await.ok_or(Failed({n}))?;
            Ok(vec![price; count as usize])
        }",
    ),
    Shape::free(
        r#"key = "String", convert = { text.to_owned() }"#,
        "",
        "pub fn words{n}(text: &str) -> usize { text.split(' ').count() + {n} }",
    ),
    Shape {
        cached: "in_impl = true",
        dcache: "skip(self)",
        function: "pub fn price{n}(&self, id: u64) -> u64 { self.factor * id + {n} }",
        is_method: true,
    },
];

const HEAD: &str = "
use std::future::ready;

#[derive(Clone, Debug)]
pub struct Failed(pub u64);

pub struct Shop {
    pub factor: u64,
}
";

/// A crate with all functions.
struct Crate {
    name: &'static str,
    folder: PathBuf,
    took: Vec<Duration>,
}

impl Crate {
    /// Writes it, and checks it once, so that all that it depends on is built.
    fn new(
        root: &Path,
        name: &'static str,
        dependency: &str,
        attribute: fn(&Shape) -> String,
    ) -> io::Result<Self> {
        let folder = root.join(name.replace([' ', ',', '='], ""));
        fs::create_dir_all(&folder)?;
        fs::write(
            folder.join("Cargo.toml"),
            format!(
                "[package]\nname = \"functions\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [lib]\npath = \"lib.rs\"\n\n[dependencies]\n{dependency}\n"
            ),
        )?;
        fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"), folder.join("Cargo.lock"))?;
        let functions = (0..).zip(SHAPES.iter().cycle());
        let functions = functions.take(FUNCTIONS).map(|(n, shape): (usize, _)| {
            let function = shape.function.replace("{n}", &n.to_string());
            let function = format!("{}\n{function}\n", attribute(shape));
            if shape.is_method { format!("impl Shop {{\n{function}}}\n") } else { function }
        });
        fs::write(folder.join("lib.rs"), HEAD.to_owned() + &functions.collect::<String>())?;
        let written = Self { name, folder, took: Vec::new() };
        written.check(&[])?;
        Ok(written)
    }

    /// Touches it, and checks it once more.
    fn round(&mut self) -> io::Result<()> {
        let file = fs::File::options().append(true).open(self.folder.join("lib.rs"))?;
        file.set_modified(std::time::SystemTime::now())?;
        drop(file);
        let start = Instant::now();
        self.check(&["--offline"])?;
        self.took.push(start.elapsed());
        Ok(())
    }

    fn check(&self, arguments: &[&str]) -> io::Result<()> {
        let output = Command::new(env!("CARGO"))
            .arg("check")
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.with_file_name("target"))
            .env("CARGO_INCREMENTAL", "0")
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.success() && said.contains("Checking functions") {
            true => Ok(()),
            false => Err(io::Error::other(format!("{} was not checked:\n{said}", self.name))),
        }
    }

    fn millis(&self) -> Vec<f64> {
        sorted(self.took.iter().map(|took| took.as_secs_f64() * 1e3))
    }

    /// Divides this crate's time by the other's, round by round.
    fn over(&self, other: &Self) -> Vec<f64> {
        sorted(self.took.iter().zip(&other.took).map(|(own, other)| own.as_secs_f64() / other.as_secs_f64()))
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn measured() -> io::Result<Vec<Crate>> {
    let own = std::env::current_exe()?;
    let root = own.ancestors().nth(2).unwrap_or(Path::new("target")).join("check");
    let dcache = concat!("dcache = { path = '", env!("CARGO_MANIFEST_DIR"), "/../dcache' }");
    let cached = "cached = { version = \"=4.1.0\", features = [\"async\"] }";
    let mut crates = [
        Crate::new(&root, "no attribute", "", |_| String::new())?,
        Crate::new(&root, "cached 4.1", cached, |shape| {
            format!("#[cached::macros::cached({})]", shape.cached)
        })?,
        Crate::new(&root, "dcache", dcache, |shape| format!("#[dcache::dcache({})]", shape.dcache))?,
        Crate::new(&root, "dcache, companion = none", dcache, |shape| {
            let comma = if shape.dcache.is_empty() { "" } else { ", " };
            format!("#[dcache::dcache({}{comma}companion = none)]", shape.dcache)
        })?,
    ];
    for _ in 0..ROUNDS {
        crates.iter_mut().try_for_each(Crate::round)?;
    }
    Ok(crates.into())
}

fn main() -> ExitCode {
    let crates = match measured() {
        Ok(crates) => crates,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let peer = &crates[1];
    let title = format!("{FUNCTIONS} functions, {ROUNDS} rounds");
    println!(
        "{title:<28}{:>10}{:>10}{:>10}{:>12}{:>16}",
        "median ms", "least", "most", "÷ cached", "least to most"
    );
    for one in &crates {
        let (millis, ratios) = (one.millis(), one.over(peer));
        let (median, least, most) = (millis[ROUNDS / 2], millis[0], millis[ROUNDS - 1]);
        let spread = format!("{:.2} to {:.2}", ratios[0], ratios[ROUNDS - 1]);
        let ratio = ratios[ROUNDS / 2];
        println!("{:<28}{median:>10.0}{least:>10.0}{most:>10.0}{ratio:>12.2}{spread:>16}", one.name);
    }
    ExitCode::SUCCESS
}
