//! What a tier is: bytes under a key, for a while.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Error, ErrorKind, Operation};

/// The place of one function's entries: a namespace and the function's name.
///
/// Both are percent-escaped outside `[A-Za-z0-9_.~-]`, so neither can contain a separator and no
/// function's entries ever lie below another's.
///
/// ```
/// use dcache_backends::Scope;
///
/// let scope = Scope::new("shop", "user");
/// assert_eq!(scope.key_prefix(), "shop:user:");
/// assert_eq!(scope.object_prefix(), "shop/user/");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// What every key begins with, of which so many bytes are the namespace.
    prefix: Arc<str>,
    namespace: usize,
}

/// The longest name of a folder or a file that every file system takes, less room for a suffix.
const NAME_LIMIT: usize = 200;

impl Scope {
    /// Creates a scope; both names are escaped.
    pub fn new(namespace: &str, function: &str) -> Self {
        let namespace = escape(namespace);
        let prefix = format!("{namespace}:{}:", escape(function)).into();
        Self { prefix, namespace: namespace.len() }
    }

    /// Returns the escaped namespace.
    pub fn namespace(&self) -> &str {
        &self.prefix[..self.namespace]
    }

    /// Returns the escaped name of the function.
    pub fn function(&self) -> &str {
        &self.prefix[self.namespace + 1..self.prefix.len() - 1]
    }

    /// Returns what every key of this scope begins with in a flat store: `namespace:function:`.
    pub fn key_prefix(&self) -> String {
        self.prefix.to_string()
    }

    /// Returns what every object name of this scope begins with: `namespace/function/`.
    pub fn object_prefix(&self) -> String {
        let mut prefix = String::with_capacity(self.prefix.len());
        for name in [self.namespace(), self.function()] {
            prefix.push_str(&object_name(name));
            prefix.push('/');
        }
        prefix
    }
}

/// The key of one entry: a [`Scope`] and an id.
///
/// ```
/// use dcache_backends::{Key, Scope};
///
/// let key = Key::new(&Scope::new("shop", "user"), "42");
/// assert_eq!(key.as_str(), "shop:user:42");
/// assert_eq!(key.id(), "42");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    scope: Scope,
    text: Box<str>,
    digest: [u8; 32],
}

impl Key {
    /// Creates the key of this id in this scope.
    pub fn new(scope: &Scope, id: &str) -> Self {
        let text = [&*scope.prefix, id].concat();
        let digest = blake3::hash(text.as_bytes()).into();
        Self { scope: scope.clone(), text: text.into(), digest }
    }

    /// Returns the key for a flat store: `namespace:function:id`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the id alone.
    pub fn id(&self) -> &str {
        &self.text[self.scope.prefix.len()..]
    }

    /// Returns the scope.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the BLAKE3 digest of [`as_str`](Self::as_str); every entry carries it.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Returns the name of the entry's object in a folder or a bucket: `namespace/function/ab/id`.
    ///
    /// The two-character folder is the id's beginning where the id is a digest, else the key digest's.
    /// The id is escaped so that it is one plain file name of at most 200 bytes, whatever it contains.
    pub fn object_name(&self) -> String {
        let name = object_name(self.id());
        let is_digest = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let mut object = self.scope.object_prefix();
        object.reserve_exact(name.len() + 3);
        match is_digest {
            true => object.push_str(&name[..2]),
            false => object.push_str(&format!("{:02x}", self.digest[0])),
        }
        object.push('/');
        object.push_str(&name);
        object
    }
}

/// Shows the key digest's beginning, and nothing that a template may have put into the key.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}", self.scope.prefix)?;
        self.digest[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

/// Percent-escapes everything that is not unreserved.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match is_unreserved(byte) {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Tells whether this is one of `[A-Za-z0-9_.~-]`, RFC 3986's unreserved characters.
fn is_unreserved(byte: u8) -> bool {
    // by a table, as this is asked of each character of each name
    const ARE_UNRESERVED: [bool; 256] = {
        let mut are = [false; 256];
        let mut byte = 0u8;
        while byte < 128 {
            are[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'~' | b'-');
            byte += 1;
        }
        are
    };
    ARE_UNRESERVED[usize::from(byte)]
}

/// Turns an id or an escaped name into one plain file name: no separator, no leading dot, bounded length.
///
/// Escapes that are there already stay, and new ones are of small letters, so that the `/` of a template and
/// that of a value (`%2F`) differ.
fn object_name(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| is_unreserved(byte) || byte == b'%';
    if text.bytes().all(is_plain)
        && (1..=NAME_LIMIT).contains(&text.len())
        && text != "%"
        && !text.starts_with('.')
    {
        return Cow::Borrowed(text); // as digests are, and the names of most functions
    }
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'.' if name.is_empty() => name.push_str("%2e"),
            byte if is_plain(byte) => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    match name.as_str() {
        "" => name.push('%'),
        "%" => name.push_str("25"), // as it is an empty one's
        _ => {}
    }
    if name.len() > NAME_LIMIT {
        name = blake3::hash(text.as_bytes()).to_hex().to_string();
    }
    Cow::Owned(name)
}

/// A tier below memory: it keeps bytes under a key for a while.
///
/// Implement it with [`async_trait`](crate::async_trait). A tier need not check what it returns (every
/// entry carries a checksum and its key's digest), need not bound its time (the caller drops the future
/// when the tier's budget is used up) and need not retry (a breaker stands before it).
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use std::time::Duration;
/// use dcache_backends::{Backend, Bytes, Error, Key, Scope, async_trait};
///
/// #[derive(Default)]
/// struct Shelf(Mutex<HashMap<String, Bytes>>);
///
/// #[async_trait]
/// impl Backend for Shelf {
///     fn name(&self) -> &str {
///         "shelf"
///     }
///     async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
///         Ok(self.0.lock().unwrap().get(key.as_str()).cloned())
///     }
///     async fn set(&self, key: &Key, entry: Bytes, _life: Option<Duration>) -> Result<(), Error> {
///         self.0.lock().unwrap().insert(key.as_str().to_owned(), entry);
///         Ok(())
///     }
///     async fn remove(&self, key: &Key) -> Result<(), Error> {
///         self.0.lock().unwrap().remove(key.as_str());
///         Ok(())
///     }
///     async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
///         let mut shelf = self.0.lock().unwrap();
///         let before = shelf.len();
///         shelf.retain(|key, _| !key.starts_with(&scope.key_prefix()));
///         Ok((before - shelf.len()) as u64)
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Returns the tier's name in statistics, logs and errors.
    fn name(&self) -> &str;

    /// Reads the entry under a key.
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error>;

    /// Writes an entry, which may be dropped after `life`; `None` keeps it until it is evicted.
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error>;

    /// Removes the entry under a key, if there is one.
    async fn remove(&self, key: &Key) -> Result<(), Error>;

    /// Removes all entries of a scope and says how many there were.
    async fn clear(&self, scope: &Scope) -> Result<u64, Error>;

    /// Reads the entry under a key unless it is larger than `limit` bytes.
    ///
    /// Fails with [`ErrorKind::TooLarge`] then. By default the whole entry is read first; a tier that
    /// can ask for the size before should.
    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        match self.get(key).await? {
            Some(entry) if entry.len() > limit => Err(Error::new(ErrorKind::TooLarge, Operation::Get)
                .with_tier(self.name().to_owned())
                .with_key(key)),
            entry => Ok(entry),
        }
    }

    /// Tries whether the tier can be used; for a check at start-up. By default it reads a key that no
    /// function has.
    async fn check(&self) -> Result<(), Error> {
        self.get(&Key::new(&Scope::new("dcache", "check"), "check")).await.map(drop)
    }

    /// Returns how long one operation may take unless a function says otherwise; 1 s by default.
    fn time_budget(&self) -> Duration {
        Duration::from_secs(1)
    }

    /// Says what an operation that ran out of time was waiting for, in a few words without any secret; for its
    /// error. By default nothing.
    fn waiting_for(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    /// Returns the tier's way of answering on the calling thread, for synchronous callers.
    ///
    /// By default there is none, and a synchronous caller waits for the asynchronous operation.
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        None
    }
}

#[async_trait::async_trait]
impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn name(&self) -> &str {
        (**self).name()
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        (**self).get(key).await
    }
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        (**self).set(key, entry, life).await
    }
    async fn remove(&self, key: &Key) -> Result<(), Error> {
        (**self).remove(key).await
    }
    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        (**self).clear(scope).await
    }
    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        (**self).get_within(key, limit).await
    }
    async fn check(&self) -> Result<(), Error> {
        (**self).check().await
    }
    fn time_budget(&self) -> Duration {
        (**self).time_budget()
    }
    fn waiting_for(&self) -> Cow<'_, str> {
        (**self).waiting_for()
    }
    fn as_blocking(&self) -> Option<&dyn BlockingBackend> {
        (**self).as_blocking()
    }
}

/// A tier that can answer on the calling thread, each time within `budget`.
pub trait BlockingBackend: Send + Sync {
    /// Reads the entry under a key, unless it is larger than `limit` bytes ([`ErrorKind::TooLarge`]).
    fn get(&self, key: &Key, limit: usize, budget: Duration) -> Result<Option<Bytes>, Error>;

    /// Writes an entry, which may be dropped after `life`.
    fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>, budget: Duration) -> Result<(), Error>;

    /// Removes the entry under a key, if there is one.
    fn remove(&self, key: &Key, budget: Duration) -> Result<(), Error>;

    /// Removes all entries of a scope and says how many there were; each step of it within `budget`.
    fn clear(&self, scope: &Scope, budget: Duration) -> Result<u64, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_names_never_contain_a_separator() {
        let inner = Scope::new("n", "a::b");
        let outer = Scope::new("n", "a");
        assert_eq!(inner.key_prefix(), "n:a%3A%3Ab:");
        assert!(!inner.key_prefix().starts_with(&outer.key_prefix()));
        assert!(!inner.object_prefix().starts_with(&outer.object_prefix()));
    }

    #[test]
    fn object_names_are_plain_file_names() {
        let scope = Scope::new("n", "f");
        for id in ["..", ".", "", "/etc/passwd", "a/../b", "\0", "x\ny", &"ä".repeat(300), ".hidden", "C:\\x"]
        {
            let name = Key::new(&scope, id).object_name();
            let parts: Vec<&str> = name.split('/').collect();
            assert_eq!(parts.len(), 4, "{id:?} became {name:?}");
            assert!(parts[3].len() <= NAME_LIMIT && !parts[3].is_empty() && !parts[3].starts_with('.'));
            assert!(parts[3].bytes().all(|b| b.is_ascii_graphic() && b != b'\\'));
        }
    }

    #[test]
    fn a_separator_of_a_template_is_told_from_that_of_a_value() {
        let scope = Scope::new("n", "f");
        let names = ["p%2Fq/r", "p/q%2Fr"].map(|id| Key::new(&scope, id).object_name());
        assert_ne!(names[0].rsplit('/').next(), names[1].rsplit('/').next());
    }

    #[test]
    fn an_empty_id_has_a_file_of_its_own() {
        let names = ["", "%"].map(|id| Key::new(&Scope::new("n", "f"), id).object_name());
        assert_ne!(names[0].rsplit('/').next(), names[1].rsplit('/').next());
    }

    #[test]
    fn digest_ids_are_spread_by_their_own_beginning() {
        let id = blake3::hash(b"x").to_hex().to_string();
        let key = Key::new(&Scope::new("n", "f"), &id);
        assert_eq!(key.object_name(), format!("n/f/{}/{id}", &id[..2]));
    }

    #[test]
    fn a_key_shows_nothing_of_its_id() {
        let key = Key::new(&Scope::new("n", "f"), "secret");
        assert!(!format!("{key:?}").contains("secret"));
    }
}
