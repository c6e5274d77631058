//! What can go wrong in a tier, said in terms of what to do about it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Says what kind of fault an [`Error`] is; whether to try again is decided by it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The tier cannot be reached, or is not ready: refused, reset, loading, busy.
    Unavailable,
    /// The tier did not answer within its time budget.
    Timeout,
    /// The tier refuses this user: password, permission, ownership.
    Denied,
    /// The tier has no room left.
    Full,
    /// The tier takes no writes.
    ReadOnly,
    /// The tier's answer makes no sense.
    Protocol,
    /// An entry is larger than the limit.
    TooLarge,
    /// The configuration is wrong: an address that does not parse, a missing variable.
    Config,
    /// A value cannot be encoded, or not be brought back from what was encoded.
    Codec,
    /// Several tiers failed; [`Error::parts`] has each of them.
    Several,
    /// Anything else.
    Other,
}

impl ErrorKind {
    const fn text(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Denied => "denied",
            Self::Full => "full",
            Self::ReadOnly => "read-only",
            Self::Protocol => "unintelligible answer",
            Self::TooLarge => "too large",
            Self::Config => "bad configuration",
            Self::Codec => "value cannot be encoded",
            Self::Several => "several tiers failed",
            Self::Other => "failed",
        }
    }
}

/// Names what was being done when an [`Error`] happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Setting the tier or the program up.
    Configure,
    /// Opening a connection or a folder.
    Connect,
    /// Reading an entry.
    Get,
    /// Writing an entry.
    Set,
    /// Removing an entry.
    Remove,
    /// Removing all entries of a function.
    Clear,
    /// Trying the tier, for a check at start-up.
    Check,
}

impl Operation {
    const fn text(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Connect => "connect",
            Self::Get => "get",
            Self::Set => "set",
            Self::Remove => "remove",
            Self::Clear => "clear",
            Self::Check => "check",
        }
    }
}

type Source = Arc<dyn std::error::Error + Send + Sync + 'static>;

/// A fault of a tier, or of its configuration.
///
/// It names the kind, the operation, the tier, a short digest of the key and the cause, and never an
/// argument, a value or a password. It is cheap to clone.
///
/// ```
/// use dcache_backends::{Error, ErrorKind, Operation};
///
/// let error = Error::new(ErrorKind::Full, Operation::Set)
///     .with_tier("shelf")
///     .with_context("all 40 places are taken");
/// assert_eq!(error.to_string(), "tier `shelf`: set: full: all 40 places are taken");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: Operation,
    tier: Cow<'static, str>,
    key: Option<[u8; 8]>,
    context: Cow<'static, str>,
    source: Option<Source>,
    parts: Vec<Error>,
}

impl Error {
    /// Creates an error of this kind, met during this operation.
    pub fn new(kind: ErrorKind, operation: Operation) -> Self {
        Self(Box::new(Inner {
            kind,
            operation,
            tier: Cow::Borrowed(""),
            key: None,
            context: Cow::Borrowed(""),
            source: None,
            parts: Vec::new(),
        }))
    }

    /// Joins the faults of several tiers into one error: none for an empty list, itself for a single one.
    pub fn join(mut parts: Vec<Self>) -> Option<Self> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let mut joined = Self::new(ErrorKind::Several, parts[0].operation());
        joined.0.parts = parts;
        Some(joined)
    }

    /// Names the tier.
    #[must_use]
    pub fn with_tier(mut self, tier: impl Into<Cow<'static, str>>) -> Self {
        self.0.tier = tier.into();
        self
    }

    /// Adds the key's digest, of which eight bytes are kept: enough to find it, too little to learn from.
    #[must_use]
    pub fn with_key(mut self, key: &crate::Key) -> Self {
        self.0.key = key.digest().first_chunk().copied();
        self
    }

    /// Adds what to know or to do, in a few words without any argument or secret.
    #[must_use]
    pub fn with_context(mut self, context: impl Into<Cow<'static, str>>) -> Self {
        self.0.context = context.into();
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Returns the kind of fault.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns what was being done.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// Returns the tier's name, empty where no single tier is to blame.
    pub fn tier(&self) -> &str {
        &self.0.tier
    }

    /// Returns the faults of the single tiers: this error itself unless it joins several.
    pub fn parts(&self) -> &[Error] {
        if self.0.parts.is_empty() { std::slice::from_ref(self) } else { &self.0.parts }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.parts.is_empty() {
            for (n, part) in self.0.parts.iter().enumerate() {
                write!(f, "{}{part}", if n == 0 { "" } else { "; " })?;
            }
            return Ok(());
        }
        if !self.0.tier.is_empty() {
            write!(f, "tier `{}`: ", self.0.tier)?;
        }
        write!(f, "{}: {}", self.0.operation.text(), self.0.kind.text())?;
        if !self.0.context.is_empty() {
            write!(f, ": {}", self.0.context)?;
        }
        if let Some(digest) = self.0.key {
            write!(f, " (key ")?;
            digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            write!(f, "…)")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("Error");
        text.field("message", &format_args!("{self}"));
        if let Some(source) = &self.0.source {
            text.field("source", source);
        }
        text.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
