//! What the trait promises, kept by every tier.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use dcache_backends::object::Fs;
use dcache_backends::redis::Redis;
use dcache_backends::s3::S3;
use dcache_backends::{
    Backend, BlockingBackend, Bytes, Error, ErrorKind, Key, Operation, Scope, async_trait,
};
use dcache_tests::redis::Server;
use dcache_tests::{Shelf, run, s3};
use futures::future::join_all;

/// Longer than anything here takes, however loaded the machine is.
const AMPLE: Duration = Duration::from_secs(60);

const CALLERS: u32 = 64;

#[test]
fn shelf_keeps_its_promises() {
    contract(Shelf::new());
}

#[test]
fn redis_keeps_its_promises() {
    let server = Server::start();
    contract(Redis::connect(&server.url()).unwrap());
}

#[test]
fn s3_keeps_its_promises() {
    let server = s3::Server::start();
    contract(S3::builder(&server.place()).credentials(s3::KEY, s3::SECRET).connect().unwrap());
}

#[test]
fn fs_keeps_its_promises() {
    in_folder(Path::new("folder"));
}

#[test]
fn fs_keeps_its_promises_in_a_folder_with_an_unusual_name() {
    in_folder(Path::new(" a folder: with spaces, % and 'ü' "));
}

fn in_folder(name: &Path) {
    let outer = tempfile::tempdir().unwrap();
    contract(Fs::open(outer.path().join(name)).unwrap());
}

/// Asserts the promises for callers within tokio, without a runtime, and on the calling thread.
fn contract(backend: impl Backend) {
    let tier: Arc<dyn Backend> = Arc::new(backend);
    run(promises(&*tier, "tokio"));
    pollster::block_on(promises(&*tier, "no runtime"));
    run(callers_at_once_within_tokio_get_what_is_theirs(&tier));
    callers_at_once_get_what_is_theirs(&*tier, "threads");
    if tier.as_blocking().is_some() {
        let calling = OnCallingThread(Arc::clone(&tier));
        pollster::block_on(promises(&calling, "calling thread"));
        callers_at_once_get_what_is_theirs(&calling, "calling threads");
        pollster::block_on(both_sides_are_of_one_tier(&*tier, &calling));
    }
}

async fn promises(tier: &dyn Backend, namespace: &str) {
    it_has_a_name_and_a_budget_and_can_be_used(tier).await;
    what_was_never_set_is_missing(tier, &Scope::new(namespace, "missing")).await;
    an_entry_comes_back_byte_by_byte(tier, &Scope::new(namespace, "bytes")).await;
    the_last_entry_set_counts(tier, &Scope::new(namespace, "last")).await;
    what_is_removed_is_missing(tier, &Scope::new(namespace, "removed")).await;
    clearing_removes_one_scope_and_counts(tier, namespace).await;
    an_id_may_be_anything(tier, &Scope::new(namespace, "ids")).await;
    an_entry_above_the_limit_is_too_large(tier, &Scope::new(namespace, "limit")).await;
    an_entry_is_there_within_its_life(tier, &Scope::new(namespace, "life")).await;
}

async fn it_has_a_name_and_a_budget_and_can_be_used(tier: &dyn Backend) {
    assert!(!tier.name().is_empty());
    assert!(tier.time_budget() > Duration::ZERO);
    tier.check().await.unwrap();
}

async fn what_was_never_set_is_missing(tier: &dyn Backend, scope: &Scope) {
    let key = Key::new(scope, "a");
    assert_eq!(tier.get(&key).await.unwrap(), None);
    for limit in [0, 1, usize::MAX] {
        assert_eq!(tier.get_within(&key, limit).await.unwrap(), None, "limit {limit}");
    }
    tier.remove(&key).await.unwrap();
    assert_eq!(tier.clear(scope).await.unwrap(), 0);
    assert_eq!(tier.get(&key).await.unwrap(), None, "asking creates nothing");
}

async fn an_entry_comes_back_byte_by_byte(tier: &dyn Backend, scope: &Scope) {
    let sizes = [1, 2, 3, 255, 256, 1023, 4095, 4096, 4097, 65_535, 65_537, 1 << 20];
    let mut entries: Vec<Bytes> = sizes.into_iter().map(|size| pattern(size, 0)).collect();
    entries.extend((0..=255).map(|byte: u8| Bytes::from(vec![byte])));
    entries.extend([&b"\0\r\n$-1\r\n\xff"[..], b"\n", b"nil", b"\0\0"].map(Bytes::from_static));
    for (nth, entry) in entries.iter().enumerate() {
        tier.set(&Key::new(scope, &nth.to_string()), entry.clone(), None).await.unwrap();
    }
    for (nth, entry) in entries.iter().enumerate() {
        let found = tier.get(&Key::new(scope, &nth.to_string())).await.unwrap();
        assert!(found.as_ref() == Some(entry), "the {nth}th, of {} bytes", entry.len());
    }
    assert_eq!(tier.clear(scope).await.unwrap(), entries.len() as u64);
}

async fn the_last_entry_set_counts(tier: &dyn Backend, scope: &Scope) {
    let key = Key::new(scope, "a");
    for (nth, size) in [10, 100_000, 1, 1, 10].into_iter().enumerate() {
        let entry = pattern(size, nth);
        tier.set(&key, entry.clone(), None).await.unwrap();
        assert!(tier.get(&key).await.unwrap() == Some(entry), "the {nth}th");
    }
    assert_eq!(tier.clear(scope).await.unwrap(), 1, "it took the place of those before it");
}

async fn what_is_removed_is_missing(tier: &dyn Backend, scope: &Scope) {
    let (key, other) = (Key::new(scope, "a"), Key::new(scope, "ab"));
    for round in 0..2 {
        tier.set(&key, text("a"), None).await.unwrap();
        tier.set(&other, text("ab"), None).await.unwrap();
        tier.remove(&key).await.unwrap();
        tier.remove(&key).await.unwrap();
        assert_eq!(tier.get(&key).await.unwrap(), None, "round {round}");
        assert_eq!(tier.get(&other).await.unwrap(), Some(text("ab")), "round {round}");
    }
    assert_eq!(tier.clear(scope).await.unwrap(), 1);
}

async fn clearing_removes_one_scope_and_counts(tier: &dyn Backend, namespace: &str) {
    let longer = format!("{namespace}2");
    let scopes: Vec<Scope> = ["f", "ff", "f:", "f::g", "f/g", "f%2Fg", "f*", "f?", "[f]", "f\\", "*", ".f"]
        .into_iter()
        .map(|function| Scope::new(namespace, function))
        .chain([Scope::new(&longer, "f"), Scope::new(&longer, "f:")])
        .collect();
    let count = |nth: usize| nth + 1;
    for (nth, scope) in scopes.iter().enumerate() {
        for id in 0..count(nth) {
            tier.set(&Key::new(scope, &id.to_string()), text(scope.function()), None).await.unwrap();
        }
    }
    for (nth, scope) in scopes.iter().enumerate() {
        assert_eq!(tier.clear(scope).await.unwrap(), count(nth) as u64, "{scope:?}");
        assert_eq!(tier.clear(scope).await.unwrap(), 0, "{scope:?} was cleared");
        for (other_nth, other) in scopes.iter().enumerate() {
            let left = (other_nth > nth).then(|| text(other.function()));
            assert_eq!(tier.get(&Key::new(other, "0")).await.unwrap(), left, "{other:?} after {scope:?}");
        }
    }
}

async fn an_id_may_be_anything(tier: &dyn Backend, scope: &Scope) {
    let short = [
        "", " ", ".", "..", "...", "/", "//", "a/b", "a/../b", "\\", "C:\\x", "\0", "\r\n", "x\ny", "*", "?",
        "[a]", "a*", "a", "%", "%2E", "%41", "100 %", ":", "a:b", "'", "\"", "`x`", "-rf", "~", "{a}", "CON",
        ".hid", "ä", "🦀", "x ", " x",
    ];
    let long = ["/etc/passwd", "../../../../x", "$(reboot)", ".dcache-0-0-0-0", "a\u{308}", "\u{202e}x"];
    let longer = ["x", "y", "ä", "/"].map(|letter| letter.repeat(300));
    let ids: Vec<&str> = short.into_iter().chain(long).chain(longer.iter().map(String::as_str)).collect();
    for id in &ids {
        tier.set(&Key::new(scope, id), text(&format!("entry of {id}")), None).await.unwrap();
    }
    for id in &ids {
        let found = tier.get(&Key::new(scope, id)).await.unwrap();
        assert_eq!(found, Some(text(&format!("entry of {id}"))), "{id:?}");
    }
    tier.remove(&Key::new(scope, "a*")).await.unwrap();
    tier.remove(&Key::new(scope, "..")).await.unwrap();
    assert_eq!(tier.clear(scope).await.unwrap(), ids.len() as u64 - 2);
}

async fn an_entry_above_the_limit_is_too_large(tier: &dyn Backend, scope: &Scope) {
    for size in [1, 2, 1000, 4096, 1 << 20] {
        let (key, entry) = (Key::new(scope, "secret"), pattern(size, 0));
        tier.set(&key, entry.clone(), None).await.unwrap();
        for limit in [size, size + 1, usize::MAX - 1, usize::MAX] {
            assert!(
                tier.get_within(&key, limit).await.unwrap().as_ref() == Some(&entry),
                "{size} in {limit}"
            );
        }
        for limit in [size - 1, size / 2, 0] {
            let error = tier.get_within(&key, limit).await.expect_err("it is larger");
            assert_eq!((error.kind(), error.operation()), (ErrorKind::TooLarge, Operation::Get));
            assert_eq!(error.tier(), tier.name());
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        assert!(tier.get(&key).await.unwrap() == Some(entry), "without a limit it is there");
    }
}

async fn an_entry_is_there_within_its_life(tier: &dyn Backend, scope: &Scope) {
    let key = Key::new(scope, "a");
    let day = Duration::from_secs(24 * 60 * 60);
    for life in [Some(AMPLE), Some(day), Some(30 * day), Some(Duration::MAX), None, Some(AMPLE), None] {
        let entry = text(&format!("{life:?}"));
        tier.set(&key, entry.clone(), life).await.unwrap();
        assert_eq!(tier.get(&key).await.unwrap(), Some(entry.clone()));
        assert_eq!(tier.get_within(&key, entry.len()).await.unwrap(), Some(entry));
    }
}

/// Callers on one thread wait at the same time, those on many threads act at the same time.
fn callers_at_once_get_what_is_theirs(tier: &dyn Backend, namespace: &str) {
    let scope = Scope::new(namespace, "callers");
    pollster::block_on(join_all((0..CALLERS).map(|caller| caller_gets_what_is_theirs(tier, &scope, caller))));
    thread::scope(|threads| {
        for caller in 0..CALLERS {
            let scope = &scope;
            threads.spawn(move || pollster::block_on(caller_gets_what_is_theirs(tier, scope, caller)));
        }
    });
    assert_eq!(pollster::block_on(tier.clear(&scope)).unwrap(), u64::from(CALLERS) + 1);
}

async fn callers_at_once_within_tokio_get_what_is_theirs(tier: &Arc<dyn Backend>) {
    let scope = Scope::new("tokio", "callers");
    let callers = (0..CALLERS).map(|caller| {
        let (tier, scope) = (Arc::clone(tier), scope.clone());
        tokio::spawn(async move { caller_gets_what_is_theirs(&*tier, &scope, caller).await })
    });
    join_all(callers).await.into_iter().for_each(|caller| caller.unwrap());
    assert_eq!(tier.clear(&scope).await.unwrap(), u64::from(CALLERS) + 1);
}

/// Has an entry of its own, and shares one with all the others.
fn caller_gets_what_is_theirs<'t>(
    tier: &'t dyn Backend,
    scope: &Scope,
    caller: u32,
) -> impl Future<Output = ()> + Send + 't {
    let (own, shared) = (Key::new(scope, &caller.to_string()), Key::new(scope, "shared"));
    async move {
        for call in 0..3 {
            let entry = text(&format!("{caller}, {call}"));
            tier.set(&own, entry.clone(), Some(AMPLE)).await.unwrap();
            tier.set(&shared, Bytes::from(vec![caller as u8; 5000 + caller as usize]), None).await.unwrap();
            assert_eq!(tier.get(&own).await.unwrap(), Some(entry));
            let found = tier.get(&shared).await.unwrap().expect("somebody has set it");
            assert_eq!(found.len(), 5000 + usize::from(found[0]));
            assert!(found.iter().all(|byte| *byte == found[0]), "it is one caller's and whole");
        }
    }
}

async fn both_sides_are_of_one_tier(one: &dyn Backend, other: &dyn Backend) {
    let scope = Scope::new("both", "sides");
    for (here, there) in [(one, other), (other, one)] {
        let (key, gone) = (Key::new(&scope, "a"), Key::new(&scope, "gone"));
        here.set(&key, text("here"), Some(AMPLE)).await.unwrap();
        here.set(&gone, text("here"), None).await.unwrap();
        assert_eq!(there.get(&key).await.unwrap(), Some(text("here")));
        there.remove(&gone).await.unwrap();
        assert_eq!(here.get(&gone).await.unwrap(), None);
        there.set(&key, text("there"), None).await.unwrap();
        assert_eq!(here.get(&key).await.unwrap(), Some(text("there")));
        assert_eq!(there.clear(&scope).await.unwrap(), 1);
        assert_eq!(here.get(&key).await.unwrap(), None);
        assert_eq!(here.clear(&scope).await.unwrap(), 0);
    }
}

/// The blocking side of a tier, which makes the same promises.
struct OnCallingThread(Arc<dyn Backend>);

impl OnCallingThread {
    fn side(&self) -> &dyn BlockingBackend {
        self.0.as_blocking().expect("it has one")
    }
}

#[async_trait]
impl Backend for OnCallingThread {
    fn name(&self) -> &str {
        self.0.name()
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.side().get(key, usize::MAX, AMPLE)
    }

    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        self.side().set(key, entry, life, AMPLE)
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.side().remove(key, AMPLE)
    }

    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        self.side().clear(scope, AMPLE)
    }

    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        self.side().get(key, limit, AMPLE)
    }
}

/// Returns bytes of which no two neighbours are alike, and every value occurs where there is room for it.
fn pattern(size: usize, seed: usize) -> Bytes {
    (0..size).map(|at| (at.wrapping_mul(167) + at / 256 + seed) as u8).collect()
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
