//! What bodies take to the background: every kind of argument.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use dcache::dcache;

#[derive(Clone)]
struct Pool;

#[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(pool, then))]
#[allow(clippy::too_many_arguments)]
fn of_every_kind<T: Clone + std::hash::Hash + Eq + Send + Sync + 'static, const N: usize>(
    pool: &Pool,
    then: impl Fn(usize) -> usize + Send + 'static,
    text: &str,
    bytes: &[u8],
    path: &Path,
    maybe: Option<&str>,
    cow: Cow<'_, str>,
    forever: &'static str,
    (a, b): (u8, u8),
    mut owned: Vec<u8>,
    shared: &Arc<str>,
    array: [u8; N],
    generic: &T,
    _: u8,
) -> usize {
    let _ = (pool, generic, path, bytes, forever);
    owned.push(a + b);
    if text.is_empty() {
        return 0;
    }
    then(text.len() + maybe.map_or(0, str::len) + cow.len() + owned.len() + shared.len() + array.len())
}

#[dcache(detach, skip(pool))]
async fn detached<'a>(pool: &'a Pool, text: &'a str, mut n: u32, maybe: Option<&'a [u8]>) -> Result<u32, String> {
    let _ = pool;
    n += text.len() as u32;
    let first = maybe.and_then(|bytes| bytes.first()).ok_or("nothing")?;
    std::future::ready(()).await;
    Ok(n + u32::from(*first))
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m", key = n)]
fn of_traits(
    n: usize,
    text: &(impl ToString + Clone + Send + 'static),
    maybe: Option<&(impl ToString + Clone + Send + 'static)>,
) -> usize {
    n + text.to_string().len() + maybe.map_or(0, |maybe| maybe.to_string().len())
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
fn forever(text: &'static str, maybe: Option<&'static str>, cow: Cow<'static, str>) -> usize {
    let kept: [&'static str; 2] = [text, maybe.unwrap_or_default()];
    kept.concat().len() + cow.len()
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m", companion = none)]
fn within_the_function<'a>(text: &'a str, forever: Option<&'static str>, cow: Cow<'_, str>) -> usize {
    let text: &'a str = text;
    let forever: Option<&'static str> = forever;
    text.len() + forever.map_or(0, str::len) + cow.len()
}

fn declared_inside() -> u32 {
    #[dcache(ttl = "1h", refresh_ahead = 0.1)]
    fn inner(n: &u32) -> u32 {
        *n
    }
    inner(&4)
}

macro_rules! cached {
    ($name:ident($argument:ident: $ty:ty)) => {
        #[dcache(ttl = "1h", stale_while_revalidate = "10m", companion = none)]
        fn $name($argument: $ty) -> usize {
            $argument.len()
        }
    };
}

cached!(length(text: &str));

pub(crate) fn main() {
    let shared: Arc<str> = "s".into();
    let call = || {
        let path = Path::new("p");
        of_every_kind(&Pool, |n| n, "abc", b"b", path, Some("x"), "c".into(), "f", (1, 2), vec![], &shared, [1; 3], &'g', 1)
    };
    assert_eq!((call(), call()), (10, 10));
    assert_eq!(pollster::block_on(detached(&Pool, "ab", 1, Some(&[1]))), Ok(4));
    assert_eq!(pollster::block_on(detached(&Pool, "ab", 1, None)), Err("nothing".into()));
    assert_eq!((of_traits(1, &10, Some(&"ab")), forever("a", Some("bc"), "d".into())), (5, 4));
    assert_eq!(within_the_function("a", Some("bc"), "d".into()), 4);
    assert_eq!((declared_inside(), length("four")), (4, 4));
}
