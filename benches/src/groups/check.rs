//! How long `cargo check` takes for cached functions.
//!
//! It writes small packages: the same functions without an attribute, under `cached` with the options that mean the
//! same, under `#[dcache]`, and under `#[dcache(companion = none)]`. Both libraries keep values in memory alone, and go
//! by their defaults where a shape asks for nothing, so dcache's functions have all their controls. What the packages
//! depend on is built first. Then each turn touches `lib.rs` and checks it, without incremental compilation. The time
//! is that of the whole command; nothing is subtracted.

use std::io;

use crate::contender::Contender;
use crate::group::Group;
use crate::measure::Plan;
use crate::project::{DCACHE, Project};

const FUNCTIONS: usize = 200;

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

/// Writes a package of all functions, and checks it once, so that what it depends on is built.
fn contender(name: &'static str, dependency: &str, attribute: fn(&Shape) -> String) -> io::Result<Contender> {
    let functions = (0..FUNCTIONS).zip(SHAPES.iter().cycle()).map(|(n, shape)| {
        let function = shape.function.replace("{n}", &n.to_string());
        let function = format!("{}\n{function}\n", attribute(shape));
        if shape.is_method { format!("impl Shop {{\n{function}}}\n") } else { function }
    });
    let source = HEAD.to_owned() + &functions.collect::<String>();
    let project = Project::new("check", name, dependency, &source)?;
    project.cargo(&["check"])?;
    Ok(Contender::figure(name, move || {
        project.check_again().unwrap_or_else(|error| panic!("{error}")).as_nanos() as f64
    }))
}

/// Checks all of them.
pub fn functions(_: &Plan) -> io::Result<Group> {
    let dcache = &format!("{DCACHE} }}");
    let cached = "cached = { version = \"=4.1.0\", features = [\"async\"] }";
    let contenders = [
        contender("cached", cached, |shape| format!("#[cached::macros::cached({})]", shape.cached))?,
        contender("no attribute", "", |_| String::new())?,
        contender("dcache", dcache, |shape| format!("#[dcache::dcache({})]", shape.dcache))?,
        contender("dcache, companion = none", dcache, |shape| {
            let comma = if shape.dcache.is_empty() { "" } else { ", " };
            format!("#[dcache::dcache({}{comma}companion = none)]", shape.dcache)
        })?,
    ];
    let about = format!(
        "`cargo check` of a package with {FUNCTIONS} functions of eight shapes: numbers and text in; values, options \
         and results out; a quarter of them asynchronous, and some methods. The time is that of the whole command. \
         dcache's functions have all their controls (`f::invalidate` and so on), unless there are to be none."
    );
    Ok(Group::new(format!("Check of {FUNCTIONS} functions"), about).contenders(contenders).rounds(11, 0))
}
