//! Cached functions as most people write them; several crates share this file.

use std::future::{Future, ready};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use dcache::dcache;

static BODIES: AtomicU64 = AtomicU64::new(0);

/// Someone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// Who it is.
    pub id: u64,
    /// What they are called.
    pub name: String,
}

/// Why there is no answer; it cannot be cloned.
#[derive(Debug)]
pub struct Missing(pub String);

/// Adds one.
#[dcache]
pub fn next(n: u64) -> u64 {
    count_body();
    n + 1
}

/// Greets; only the name is in the key.
#[dcache(ttl = "1h", skip(mark))]
pub fn greet(name: &str, mark: char) -> String {
    count_body();
    format!("Hello {name}{mark}")
}

/// Halves what can be halved.
///
/// # Errors
///
/// The number is odd.
#[dcache(key = "half:{n}", cache_if = |half: &u64| *half > 1)]
pub fn half(n: u64) -> Result<u64, Missing> {
    count_body();
    if n.is_multiple_of(2) { Ok(n / 2) } else { Err(Missing(n.to_string())) }
}

/// Finds the largest.
#[dcache]
pub fn largest<T>(items: &[T]) -> Option<T>
where
    T: Clone + Hash + Ord + Send + Sync + 'static,
{
    count_body();
    items.iter().max().cloned()
}

/// Repeats a byte.
#[dcache(key = (byte, N))]
pub fn repeat<const N: usize>(byte: u8) -> [u8; N] {
    count_body();
    [byte; N]
}

/// Is found on disk as well.
///
/// # Errors
///
/// There are none.
#[dcache(backend = [memory(capacity = 10, ttl = "1m"), fs], ttl = "1h", bypass_if = text.is_empty())]
pub fn letters(text: &str) -> Result<Vec<char>, String> {
    count_body();
    Ok(text.chars().collect())
}

/// Adds one, later.
#[dcache(ttl = "1h")]
pub async fn later(n: u64) -> u64 {
    count_body();
    ready(()).await;
    n + 1
}

/// Names a user.
///
/// # Errors
///
/// There are none.
#[dcache(key = "user:{user.id}", ttl = "90s", cache_if = |name: &Arc<str>| !name.is_empty())]
pub async fn name_of(user: &User, greeting: &str) -> Result<Arc<str>, Missing> {
    count_body();
    ready(()).await;
    Ok(format!("{greeting} {}", user.name).into())
}

/// Counts, later.
#[dcache(skip(more))]
pub async fn count<T>(item: T, more: &[T]) -> Option<usize>
where
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    count_body();
    ready(()).await;
    more.iter().position(|other| *other == item)
}

/// Is found on disk as well, later.
///
/// # Errors
///
/// There are none.
#[dcache(backend = [memory, fs], ttl = "1h")]
pub async fn letters_later(text: &str) -> Result<Vec<char>, String> {
    count_body();
    ready(()).await;
    Ok(text.chars().collect())
}

/// Measures, and hands out old lengths while it measures again.
#[dcache(ttl = "1h", stale_while_revalidate = "10m", refresh_ahead = 0.1, jitter = "1m", skip(scale))]
pub fn measured(text: &str, scale: Option<&u64>, (add, mut total): (u64, u64)) -> u64 {
    count_body();
    total += add;
    text.len() as u64 * scale.map_or(1, |scale| *scale) + total
}

/// Reads a number, later, and goes on when nobody waits.
///
/// # Errors
///
/// It is none.
#[dcache(ttl = "1h", stale_if_error = "1d", retry_after = "5s", soft_timeout = "1s", err_ttl = "5s", detach)]
pub async fn number<T>(text: &str, seen: T) -> Result<u64, String>
where
    T: Clone + Eq + Hash + Send + Sync + 'static,
{
    count_body();
    ready(()).await;
    drop(seen);
    text.parse::<u64>().map_err(|error| error.to_string())
}

/// Calls each function twice: the second call finds what the first one stored.
///
/// # Panics
///
/// It does not.
pub fn calls_find_what_is_stored() {
    assert_eq!(bodies(|| (next(1), next(1))), ((2, 2), 1));
    assert_eq!(bodies(|| greet("Ada", '!') == greet("Ada", '?')), (true, 1));
    assert_eq!(bodies(|| (half(4).ok(), half(4).ok())), ((Some(2), Some(2)), 1));
    assert_eq!(bodies(|| (half(2).ok(), half(2).ok())), ((Some(1), Some(1)), 2));
    let odd = || half(3).err().map(|missing| missing.0);
    assert_eq!(bodies(|| odd() == odd() && odd().as_deref() == Some("3")), (true, 3));
    assert_eq!(bodies(|| largest(&[1, 2]) == largest(&[1, 2])), (true, 1));
    assert_eq!(bodies(|| (repeat::<2>(7), repeat::<2>(7))), (([7, 7], [7, 7]), 1));
    assert_eq!(bodies(|| letters("ab") == letters("ab")), (true, 1));
    assert_eq!(bodies(|| letters("") == letters("")), (true, 2));
    let measure = || measured("four", Some(&2), (1, 2));
    assert_eq!(bodies(|| (measure(), measure())), ((11, 11), 1));
    let user = User { id: 1, name: "Ada".to_owned() };
    let calls = async {
        assert_eq!((later(1).await, later(1).await), (2, 2));
        assert_eq!(name_of(&user, "Dear").await.ok(), name_of(&user, "Dr").await.ok());
        assert_eq!((count(2, &[1, 2]).await, count(2, &[]).await), (Some(1), Some(1)));
        assert_eq!(letters_later("ab").await, letters_later("ab").await);
        assert_eq!((number("7", 'a').await, number("7", 'a').await), (Ok(7), Ok(7)));
        assert_eq!(number("x", 1).await, number("x", 1).await);
    };
    assert_eq!(bodies(|| block_on(calls)), ((), 6));
}

/// Uses every control.
///
/// # Errors
///
/// A control fails.
///
/// # Panics
///
/// A control does something else.
pub fn controls_do_what_they_say() -> Result<(), dcache::Error> {
    next::put(10, 99)?;
    assert_eq!((next(10), next::peek(10), next::uncached(10), next::refresh(10)), (99, Some(99), 11, 11));
    next::invalidate(10)?;
    assert!(next::entry(10).is_none());
    next::clear()?;
    assert_eq!(next::stats().entries, 0);
    greet::put("Bob", "Hi".to_owned())?;
    assert_eq!(greet::peek("Bob").as_deref(), Some("Hi"));
    half::put(9, 4)?;
    assert_eq!((half(9).ok(), half::uncached(9).is_err(), half::refresh(9).is_err()), (Some(4), true, true));
    assert!(half::key(8).ends_with("half:8"));
    largest::put(&["a"], Some("b"))?;
    assert_eq!(largest::peek(&["a"]), Some(Some("b")));
    largest::clear::<&str>()?;
    assert_eq!(repeat::peek::<3>(1), None);
    letters::invalidate("ab")?;
    assert_eq!((measured::refresh("a", None, (0, 0)), measured::peek("a", (0, 0))), (1, Some(1)));
    assert_eq!((letters::peek("ab"), letters::key("ab").is_empty()), (None, false));
    block_on(async {
        let user = User { id: 2, name: "Bob".to_owned() };
        later::put(10, 99).await?;
        assert_eq!(
            (later::peek(10).await, later::uncached(10).await, later::refresh(10).await),
            (Some(99), 11, 11)
        );
        name_of::put(&user, "Bob".into()).await?;
        assert_eq!(name_of(&user, "Dear").await.ok().as_deref(), Some("Bob"));
        assert!(name_of::key(&user).ends_with("user:2"));
        count::invalidate(2).await?;
        assert!(count::entry(2).await.is_none());
        letters_later::clear().await?;
        assert_eq!(letters_later::stats().entries, 0);
        assert_eq!((number::refresh("8", ()).await, number::peek("8", ()).await), (Ok(8), Some(8)));
        later::clear().await
    })
}

fn count_body() {
    let _ = BODIES.fetch_add(1, Ordering::SeqCst);
}

/// Tells what something returns, and how many bodies it ran.
fn bodies<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = BODIES.load(Ordering::SeqCst);
    let returned = run();
    (returned, BODIES.load(Ordering::SeqCst) - before)
}

/// Runs a future on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future: Pin<Box<F>> = Box::pin(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
