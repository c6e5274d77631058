//! The functions that can be decorated.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use dcache::dcache;
use dcache_tests::run;

static BODIES: AtomicU32 = AtomicU32::new(0);

/// Asserts that two calls run one body.
macro_rules! once {
    ($call:expr) => {{
        let before = BODIES.load(SeqCst);
        assert_eq!($call, $call);
        assert_eq!(BODIES.load(SeqCst), before + 1, "{}", stringify!($call));
    }};
}

fn count() {
    BODIES.fetch_add(1, SeqCst);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Point {
    x: i32,
    y: i32,
}

#[dcache]
fn nothing() -> u32 {
    count();
    1
}

#[dcache]
fn unit(n: u32) {
    let _ = n;
    count();
}

#[dcache]
fn borrowed(text: &str, bytes: &[u8], path: &Path, point: &Point) -> String {
    count();
    format!("{text}{bytes:?}{path:?}{point:?}")
}

#[dcache]
fn owned(text: String, path: PathBuf, shared: Arc<str>, list: Vec<Option<u8>>) -> usize {
    count();
    text.len() + path.as_os_str().len() + shared.len() + list.len()
}

#[dcache]
fn optional(text: Option<&str>, number: Option<u32>) -> usize {
    count();
    text.map_or(0, str::len) + number.unwrap_or_default() as usize
}

#[dcache]
fn clone_on_write(text: Cow<'_, str>) -> usize {
    count();
    text.len()
}

#[dcache]
fn patterns((a, b): (u32, u32), Point { x, .. }: Point, _: u8, mut n: u32) -> i64 {
    count();
    n += a + b;
    i64::from(n) + i64::from(x)
}

#[dcache]
fn named_alike(key: u32, value: u32, args: u32, cache: u32, self_: u32, site: u32, miss: u32) -> u32 {
    count();
    key + value + args + cache + self_ + site + miss
}

#[dcache]
fn r#type(r#fn: u32) -> u32 {
    count();
    r#fn
}

#[dcache]
fn early(n: u32) -> Result<u32, std::num::ParseIntError> {
    count();
    if n == 1 {
        return Ok(1);
    }
    let parsed: u32 = "17".parse()?;
    Ok('found: {
        for i in 0.. {
            if i * i > parsed {
                break 'found i;
            }
        }
        0
    })
}

#[dcache]
async fn waits(n: u32) -> Option<u32> {
    count();
    tokio::task::yield_now().await;
    let half = n.checked_div(2)?;
    if half > 5 {
        return None;
    }
    Some(half)
}

#[dcache]
fn generic<T, const N: usize>(value: T) -> String
where
    T: ToString + 'static + Clone + std::hash::Hash + Eq + Send + Sync,
{
    count();
    value.to_string().repeat(N)
}

#[dcache(skip(scale))]
fn kept_apart<T: Default + Send + 'static>(scale: u32) -> u32 {
    count();
    scale * size_of::<T>() as u32
}

#[dcache]
#[must_use]
#[inline(never)]
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn attributed(text: String) -> usize {
    count();
    text.len()
}

macro_rules! emitted {
    ($name:ident) => {
        #[dcache]
        fn $name(n: u32) -> u32 {
            count();
            n
        }
    };
}
emitted!(from_a_macro);

#[dcache]
fn recursive(n: u64) -> u64 {
    if n < 2 { n } else { recursive(n - 1) + recursive(n - 2) }
}

/// Each level is a miss that runs the next one's body.
#[dcache]
fn deep(n: u32) -> u32 {
    if n == 0 { 0 } else { 1 + deep(n - 1) }
}

#[test]
fn functions_of_every_shape_are_cached() {
    let point = Point { x: 1, y: 2 };
    once!(nothing());
    once!(unit(1));
    once!(borrowed("a", &[1], Path::new("/x"), &point));
    once!(owned("a".to_owned(), "b".into(), "c".into(), vec![None]));
    once!(optional(Some("a"), None));
    once!(optional(None, Some(1)));
    once!(clone_on_write(Cow::Borrowed("a")));
    once!(patterns((1, 2), point.clone(), 3, 4));
    once!(named_alike(1, 2, 3, 4, 5, 6, 7));
    once!(r#type(1));
    once!(early(1));
    once!(early(2));
    once!(generic::<_, 2>(7u8));
    once!(attributed("a".to_owned()));
    once!(from_a_macro(1));
    assert_eq!(recursive(90), 2_880_067_194_370_816_120);
    assert_eq!(deep(500), 500);
}

#[test]
fn async_functions_are_cached() {
    run(async {
        let before = BODIES.load(SeqCst);
        assert_eq!((waits(4).await, waits(4).await, waits(100).await), (Some(2), Some(2), None));
        assert_eq!(BODIES.load(SeqCst), before + 2);
    });
}

#[test]
fn a_generic_function_keeps_its_types_apart() {
    assert_eq!(generic::<_, 2>(1u8), "11");
    assert_eq!(generic::<_, 3>(1u8), "111");
    assert_eq!(generic::<_, 2>(1u16), "11");
    assert_eq!(
        (kept_apart::<u8>(1), kept_apart::<u64>(1)),
        (1, 8),
        "though keys and values are of the same types"
    );
    assert_eq!((kept_apart::<u8>(5), kept_apart::<u64>(5)), (1, 8));
}

#[test]
fn functions_of_equal_names_never_share() {
    fn one() -> u32 {
        #[dcache]
        fn same() -> u32 {
            1
        }
        same()
    }
    fn two() -> u32 {
        #[dcache]
        fn same() -> u32 {
            2
        }
        same()
    }
    assert_eq!((one(), two(), one(), two()), (1, 2, 1, 2));
    let names: Vec<_> = dcache::functions().into_iter().map(|function| function.name).collect();
    let names: Vec<_> = names.into_iter().filter(|name| name.starts_with("attribute.shapes.")).collect();
    let mut unique = names.clone();
    unique.dedup();
    assert_eq!(names, unique);
    assert!(names.iter().any(|name| name.ends_with("functions_of_equal_names_never_share.one.same")));
}

#[test]
fn without_a_companion_a_function_is_cached_too() {
    #[dcache(companion = none)]
    fn alone(n: u32) -> u32 {
        count();
        n
    }
    #[dcache(companion = none)]
    async fn alone_async(n: &str) -> Result<usize, String> {
        count();
        Ok(n.len())
    }
    once!(alone(1));
    run(async { once!(alone_async("a").await) });
}
