use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dcache::dcache;

#[dcache]
fn shared(text: Arc<str>, bytes: &Arc<[u8]>, boxed: Box<str>) -> usize {
    text.len() + bytes.len() + boxed.len()
}

#[dcache]
fn paths(owned: PathBuf, borrowed: &Path, by_reference: &PathBuf, name: &OsStr, of: OsString) -> usize {
    [&*owned, borrowed, by_reference].map(|path| path.as_os_str().len()).iter().sum::<usize>()
        + name.len()
        + of.len()
}

#[dcache]
async fn clone_on_write<'a>(text: Cow<'a, str>, bytes: Cow<'_, [u8]>, path: &Cow<'static, Path>) -> usize {
    text.len() + bytes.len() + path.as_os_str().len()
}

#[dcache]
fn optional(text: Option<&str>, path: Option<&Path>, owned: Option<String>, cow: Option<Cow<'static, str>>) -> usize {
    let lengths = [text.map(str::len), path.map(|path| path.as_os_str().len()), owned.map(|text| text.len())];
    lengths.into_iter().flatten().sum::<usize>() + cow.map_or(0, |text| text.len())
}

#[dcache(backend = [memory, fs("/nowhere")])]
fn below_memory(text: &str, list: &[String], path: PathBuf, shared: Option<&str>) -> usize {
    text.len() + list.len() + path.as_os_str().len() + shared.map_or(0, str::len)
}

pub(crate) fn main() {
    assert_eq!(shared("a".into(), &b"b"[..].into(), "c".into()), 3);
    assert_eq!(shared::peek("a".into(), &b"b"[..].into(), "c".into()), Some(3));
    assert_eq!(paths("a".into(), "b".as_ref(), &"c".into(), "d".as_ref(), "e".into()), 5);
    let path = Cow::Borrowed(Path::new("c"));
    assert_eq!(pollster::block_on(clone_on_write("a".into(), b"b"[..].into(), &path)), 3);
    let owned = clone_on_write::peek(Cow::Owned("a".into()), Cow::Owned(b"b".to_vec()), &path);
    assert_eq!(pollster::block_on(owned), Some(3));
    assert_eq!(optional(Some("a"), Some("b".as_ref()), None, Some("c".into())), 3);
    assert_eq!(optional::peek(Some("a"), Some("b".as_ref()), None, Some("c".into())), Some(3));
    assert!(!below_memory::key("a", &[], "b".into(), None).is_empty());
}
