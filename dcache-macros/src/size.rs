//! Sizes in bytes: `"64MiB"`, `"10GB"`.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit};

use crate::duration::{literal, split};
use crate::span;

/// A number of bytes as it was written.
#[derive(Clone)]
pub(crate) enum Size {
    /// A string, read and found good.
    Literal(u64, Span),
    /// Anything else: evaluated at run time.
    Dynamic(Expr),
}

impl Size {
    /// Takes an expression for a size, unless it is a literal that is none.
    pub(crate) fn from_expr(expr: Expr) -> syn::Result<Self> {
        match literal(&expr) {
            Some(Lit::Str(text)) => match size(&text.value()) {
                Ok(0) => Err(syn::Error::new(text.span(), "a size of zero holds nothing; write `\"16MiB\"`")),
                Ok(bytes) => Ok(Self::Literal(bytes, text.span())),
                Err(message) => Err(syn::Error::new(text.span(), message)),
            },
            Some(Lit::Int(number)) => {
                let text = number.base10_digits();
                Err(syn::Error::new(
                    number.span(),
                    format!("a size has a unit; write `\"{text}B\"` or `\"16MiB\"`"),
                ))
            }
            Some(lit) => Err(syn::Error::new(lit.span(), "not a size; write a string such as `\"16MiB\"`")),
            None => Ok(Self::Dynamic(expr)),
        }
    }
}

impl Parse for Size {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Self::from_expr(input.parse()?)
    }
}

impl ToTokens for Size {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Literal(bytes, at) => {
                let mut bytes = Literal::u64_unsuffixed(*bytes);
                bytes.set_span(span::at(*at));
                quote!(#bytes)
            }
            Self::Dynamic(expr) => quote!(#expr),
        });
    }
}

/// Reads a whole number and a unit: `B`, `kB` to `TB` by thousands, `KiB` to `TiB` by 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text.trim(), |c| c.is_ascii_digit() || c == '_');
    let unit = unit.trim_start();
    let bytes: u64 = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" | "kiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "" => return Err(format!("`{number}` has no unit; write `\"{number}B\"` or `\"16MiB\"`")),
        _ => {
            return Err(format!(
                "unknown size `{text}`; write a whole number and a unit, such as `\"16MiB\"`"
            ));
        }
    };
    let number = number.replace('_', "");
    if number.is_empty() {
        return Err(format!("unknown size `{text}`; write a whole number and a unit, such as `\"16MiB\"`"));
    }
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(bytes));
    size.ok_or_else(|| format!("`{text}` is too large; at most 16 million terabytes can be counted"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("10GB"), Ok(10_000_000_000));
        assert_eq!(size("10 GiB"), Ok(10 << 30));
        assert_eq!(size("1_000B"), Ok(1_000));
        assert_eq!(size("0B"), Ok(0));
    }

    #[test]
    fn mistakes_say_what_to_write() {
        assert_eq!(size("64").unwrap_err(), "`64` has no unit; write `\"64B\"` or `\"16MiB\"`");
        assert!(size("64Mb").unwrap_err().starts_with("unknown size `64Mb`"));
        assert!(size("1.5GB").unwrap_err().starts_with("unknown size `1.5GB`"));
        assert!(size("GB").unwrap_err().starts_with("unknown size `GB`"));
        assert!(size("99999999TiB").unwrap_err().contains("too large"));
    }
}
