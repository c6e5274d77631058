//! Where keys come from: bytes, hexadecimal text, a variable of the environment, an expression of the attribute.

use std::borrow::Cow;
use std::env::VarError;
use std::fmt;

use dcache_backends::{Error, ErrorKind, Operation};

use super::{KEY, Seal, SealKey};
use crate::contain::contained;

impl Seal {
    /// Reads keys of 64 hexadecimal digits each, with commas or white space between them: the first seals, all open.
    ///
    /// # Errors
    /// Says which key is none and why, and shows nothing of it; also where there is no key at all.
    ///
    /// ```
    /// use dcache::Seal;
    ///
    /// let error = Seal::from_hex("c0ffee").unwrap_err();
    /// assert_eq!(error.to_string(), "key 1 has 6 digits; a key has 64, hexadecimal");
    /// ```
    pub fn from_hex(text: &str) -> Result<Self, SealError> {
        let words = text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
        let keys = words.enumerate().map(|(n, word)| {
            let mut key = [0; KEY];
            unhex(word, &mut key).map_err(|reason| SealError(format!("key {} {reason}", n + 1).into()))?;
            Ok(SealKey::new(&key))
        });
        Self(keys.collect::<Result<_, _>>()?).checked()
    }

    /// Reads keys as [`from_hex`](Self::from_hex) does, from a variable of the environment.
    ///
    /// # Errors
    /// Says that the variable is not set, or what is wrong with its keys.
    ///
    /// ```
    /// use dcache::Seal;
    ///
    /// let error = Seal::from_env("NO_SUCH_KEY").unwrap_err();
    /// assert_eq!(error.to_string(), "the variable NO_SUCH_KEY is not set");
    /// ```
    pub fn from_env(variable: &str) -> Result<Self, SealError> {
        let error = |reason: &dyn fmt::Display| SealError(format!("the variable {variable}{reason}").into());
        match std::env::var(variable) {
            Ok(text) => Self::from_hex(&text).map_err(|reason| error(&format_args!(": {reason}"))),
            Err(VarError::NotPresent) => Err(error(&" is not set")),
            Err(VarError::NotUnicode(_)) => Err(error(&" is no text")),
        }
    }

    fn checked(self) -> Result<Self, SealError> {
        if self.0.is_empty() { Err(SealError(Cow::Borrowed("there is no key"))) } else { Ok(self) }
    }
}

/// Reads a key; says what is wrong with it.
pub(super) fn unhex(word: &str, key: &mut [u8; KEY]) -> Result<(), String> {
    let digits = word.chars().count();
    if digits != 2 * KEY {
        return Err(format!("has {digits} digits; a key has {}, hexadecimal", 2 * KEY));
    }
    let mut digits = word.chars().map(|digit| digit.to_digit(16));
    for byte in key {
        let mut digit = || digits.next().flatten().ok_or("has a digit that is not hexadecimal");
        *byte = (digit()? << 4 | digit()?) as u8;
    }
    Ok(())
}

impl From<[u8; 32]> for Seal {
    fn from(key: [u8; 32]) -> Self {
        Self::of([&key])
    }
}

impl From<&[u8; 32]> for Seal {
    fn from(key: &[u8; 32]) -> Self {
        Self::of([key])
    }
}

impl<const N: usize> From<[[u8; 32]; N]> for Seal {
    fn from(keys: [[u8; 32]; N]) -> Self {
        Self::of(&keys)
    }
}

/// Takes the keys; a cache refuses an empty list.
impl From<&[[u8; 32]]> for Seal {
    fn from(keys: &[[u8; 32]]) -> Self {
        Self::of(keys)
    }
}

/// Takes the keys; a cache refuses an empty list.
impl From<Vec<[u8; 32]>> for Seal {
    fn from(keys: Vec<[u8; 32]>) -> Self {
        Self::of(&keys)
    }
}

/// Says why there is nothing to seal with, and nothing of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealError(Cow<'static, str>);

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealError({self})")
    }
}

impl std::error::Error for SealError {}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        Self::new(ErrorKind::Config, Operation::Configure).with_context(error.0)
    }
}

/// What the option [`seal`](macro@crate::dcache#seal) and [`Builder::seal`](crate::Builder::seal) take: one key,
/// several, a [`Seal`], or a `Result` of these.
///
/// An `Err` is bad configuration, and its text is logged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key to seal with",
    label = "expected a key of type `[u8; 32]`, several of them, or a `dcache::Seal`",
    note = "several keys are an array, a slice or a `Vec`: the first seals, all open",
    note = "`dcache::Seal::from_env(\"VAR\")` and `dcache::Seal::from_hex(text)` read hexadecimal keys; what they \
            return can stand here as it is, as can any other `Result` of keys"
)]
pub trait IntoSeal {
    /// Returns the keys.
    ///
    /// # Errors
    /// Says why there are none.
    fn into_seal(self) -> Result<Seal, SealError>;
}

macro_rules! into_seal {
    ($([$($generics:tt)*] $keys:ty;)*) => {
        $(#[diagnostic::do_not_recommend]
        impl<$($generics)*> IntoSeal for $keys {
            fn into_seal(self) -> Result<Seal, SealError> {
                Seal::from(self).checked()
            }
        })*
    };
}

into_seal! {
    [] Seal;
    [] [u8; 32];
    [] &[u8; 32];
    [const N: usize] [[u8; 32]; N];
    [] &[[u8; 32]];
    [] Vec<[u8; 32]>;
}

#[diagnostic::do_not_recommend]
impl IntoSeal for &Seal {
    fn into_seal(self) -> Result<Seal, SealError> {
        self.clone().checked()
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoSeal, E: Into<Box<dyn std::error::Error + Send + Sync>>> IntoSeal for Result<T, E> {
    fn into_seal(self) -> Result<Seal, SealError> {
        match self.map_err(Into::into) {
            Ok(keys) => keys.into_seal(),
            // its text would show the variable, and thereby a key
            Err(error) if matches!(error.downcast_ref(), Some(VarError::NotUnicode(_))) => {
                Err(SealError(Cow::Borrowed("a variable is no text")))
            }
            Err(error) => Err(SealError(error.to_string().into())),
        }
    }
}

/// Evaluates the attribute's expression; a panic in it is bad configuration as well.
pub(crate) fn evaluated(keys: impl FnOnce() -> Result<Seal, SealError>) -> Result<Seal, SealError> {
    contained(keys).unwrap_or_else(|| Err(SealError(Cow::Borrowed("its expression panicked"))))
}
