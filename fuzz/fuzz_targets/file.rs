//! Names of keys, objects and folders, whatever a function is called and its id is; and the files of these names.
#![no_main]

use std::path::{Component, Path};
use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use dcache::__private::Template;
use dcache::{BlockingBackend, Bytes, Fs, Key, Scope};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
static FS: LazyLock<Fs> = LazyLock::new(|| Fs::open(FOLDER.path().join("root")).unwrap());

const BUDGET: Duration = Duration::from_secs(60);

/// The names of an entry.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
struct Names<'a> {
    namespace: &'a str,
    function: &'a str,
    id: &'a str,
}

impl Names<'_> {
    fn scope(&self) -> Scope {
        Scope::new(self.namespace, self.function)
    }

    fn key(&self) -> Key {
        Key::new(&self.scope(), self.id)
    }

    /// Returns the key as dcache makes it: its id is that of a template, or a digest.
    fn made(&self) -> Key {
        Key::new(&self.scope(), &Template::new().literal("u:").value(self.id).literal("/").to_text().id())
    }
}

/// Asserts that an object's name leads to a plain file, four levels below the root.
fn is_plain(key: &Key) {
    let name = key.object_name();
    let parts: Vec<&str> = name.split('/').collect();
    assert_eq!(parts.len(), 4, "{name}");
    for part in &parts {
        assert!(!part.is_empty() && part.len() <= 200 && !part.starts_with('.'), "{name}");
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.~-%".contains(&byte);
        assert!(part.bytes().all(is_plain), "{name}");
    }
    assert!(parts[2].len() == 2 && parts[2].bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    assert!(Path::new(&name).components().all(|part| matches!(part, Component::Normal(_))), "{name}");
    assert!(
        name.starts_with(&key.scope().object_prefix()) && key.as_str().starts_with(&key.scope().key_prefix())
    );
}

/// Undoes percent-escapes.
fn plain(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut plain = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        let escaped = std::str::from_utf8(after.get(..2).unwrap_or_default()).unwrap_or_default();
        match u8::from_str_radix(escaped, 16) {
            Ok(byte) if *first == b'%' && escaped.len() == 2 && !escaped.starts_with('+') => {
                plain.push(byte);
                rest = &after[2..];
            }
            _ => {
                plain.push(*first);
                rest = after;
            }
        }
    }
    plain
}

fn compare(one: &Names<'_>, other: &Names<'_>) {
    let (left, right) = (one.key(), other.key());
    assert_eq!(left.as_str() == right.as_str(), one == other);
    assert_eq!(left.id(), one.id);
    let same_scope = (one.namespace, one.function) == (other.namespace, other.function);
    assert_eq!(one.scope().key_prefix() == other.scope().key_prefix(), same_scope);
    // names that are too long become digests, which are names as well
    let is_digest = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let scopes = [one.namespace, one.function, other.namespace, other.function];
    if !scopes.iter().any(|name| is_digest(name)) {
        assert_eq!(one.scope().object_prefix() == other.scope().object_prefix(), same_scope);
        assert_eq!(one.made().object_name() == other.made().object_name(), one == other);
    }
    if left.object_name() == right.object_name()
        && one.id != other.id
        && !is_digest(one.id)
        && !is_digest(other.id)
    {
        assert_eq!(plain(one.id), plain(other.id), "{one:?} and {other:?} share a file");
    }
}

/// Writes, reads and clears real files.
fn try_files(one: &Names<'_>, other: &Names<'_>, content: &'static [u8]) {
    let (fs, key, stranger) = (&*FS, one.made(), other.made());
    let path = FOLDER.path().join("root").join(key.object_name());
    let get = |key| BlockingBackend::get(fs, key, 100, BUDGET).unwrap();
    BlockingBackend::set(fs, &key, Bytes::from_static(content), None, BUDGET).unwrap();
    assert!(path.symlink_metadata().unwrap().is_file());
    assert_eq!(get(&key).as_deref(), Some(content));
    if key.object_name() != stranger.object_name() {
        assert_eq!(get(&stranger), None);
        BlockingBackend::remove(fs, &stranger, BUDGET).unwrap();
    }
    if key.scope().object_prefix() != stranger.scope().object_prefix() {
        assert_eq!(BlockingBackend::clear(fs, stranger.scope(), BUDGET).unwrap(), 0);
    }
    assert_eq!(get(&key).as_deref(), Some(content));
    assert_eq!(BlockingBackend::clear(fs, key.scope(), BUDGET).unwrap(), 1, "{one:?} is not found again");
    assert!(path.symlink_metadata().is_err());
    std::fs::remove_dir_all(FOLDER.path().join("root").join(key.object_name().split('/').next().unwrap()))
        .unwrap();
    let left: Vec<_> = FOLDER.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["root"]);
}

fn target(data: &[u8]) -> arbitrary::Result<()> {
    let mut bytes = Unstructured::new(data);
    let (way, names) = <(u8, [Names<'_>; 2])>::arbitrary(&mut bytes)?;
    for names in names {
        is_plain(&names.key());
        is_plain(&names.made());
    }
    compare(&names[0], &names[1]);
    // a neighbour in the same function
    compare(&names[0], &Names { id: names[1].id, ..names[0] });
    // files take much longer than names
    if way % 16 == 1 {
        try_files(&names[0], &names[1], b"an entry");
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let _ = target(data);
});
