//! Durations: `"1h 30m"`, checked here, or any expression of type `Duration`.

use std::time::Duration;

use crate::span;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprLit, Lit, LitStr};

/// A duration as it was written.
#[derive(Clone)]
pub(crate) enum Time {
    /// A string, read and found good.
    Literal(Duration, Span),
    /// Anything else: evaluated at run time.
    Dynamic(Expr),
}

impl Time {
    /// Returns the length where it is known, and where it stands.
    pub(crate) fn known(&self) -> Option<(Duration, Span)> {
        match self {
            Self::Literal(length, at) => Some((*length, *at)),
            Self::Dynamic(_) => None,
        }
    }

    /// Writes it so that an expression is evaluated each time it is asked for.
    pub(crate) fn asked(&self) -> TokenStream {
        match self {
            Self::Literal(..) => self.to_token_stream(),
            Self::Dynamic(expr) => quote!(|| -> ::core::time::Duration { #expr }),
        }
    }

    /// Takes an expression for a duration, unless it is a literal that is none.
    pub(crate) fn from_expr(expr: Expr) -> syn::Result<Self> {
        match literal(&expr) {
            Some(Lit::Str(text)) => Self::from_text(text),
            Some(lit) => Err(syn::Error::new(lit.span(), unlike(lit))),
            None => match &expr {
                Expr::Unary(unary) if literal(&unary.expr).is_some() => {
                    Err(syn::Error::new_spanned(&expr, "a duration cannot be negative; write `\"90s\"`"))
                }
                _ => Ok(Self::Dynamic(expr)),
            },
        }
    }

    fn from_text(text: &LitStr) -> syn::Result<Self> {
        match duration(&text.value()) {
            Ok(Duration::ZERO) => Err(syn::Error::new(
                text.span(),
                "a duration of zero stores nothing; write how long, such as `\"90s\"`",
            )),
            Ok(length) => Ok(Self::Literal(length, text.span())),
            Err(message) => Err(syn::Error::new(text.span(), message)),
        }
    }
}

impl Parse for Time {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Self::from_expr(input.parse()?)
    }
}

impl ToTokens for Time {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Literal(length, at) => {
                let (seconds, nanos) = (length.as_secs(), length.subsec_nanos());
                let at = span::at(*at);
                quote_spanned!(at=> ::core::time::Duration::new(#seconds, #nanos))
            }
            Self::Dynamic(expr) => quote!(#expr),
        });
    }
}

/// Looks through the invisible groups and parentheses that a `macro_rules!` leaves around an expression.
pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

fn unlike(lit: &Lit) -> String {
    match lit {
        Lit::Int(number) => format!("a duration has a unit; write `\"{}s\"`", number.base10_digits()),
        Lit::Float(number) => format!("a duration has a unit; write `\"{}s\"`", number.base10_digits()),
        _ => "not a duration; write a string such as `\"90s\"`, or an expression of type `Duration`".into(),
    }
}

/// Reads humantime's grammar without months and years: numbers, each with a unit, spaces where one likes.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("a duration is missing; write how long, such as `\"90s\"`".into());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after.trim_start(), |c| c.is_alphabetic());
        if number.is_empty() {
            let first = rest.chars().next().unwrap_or_default();
            return Err(format!("a number is missing before `{first}`; write for example `\"1h 30m\"`"));
        }
        let part = part(number, unit)?;
        total = total.checked_add(part).ok_or_else(|| too_long(text))?;
        rest = after.trim_start();
    }
    Ok(total)
}

fn part(number: &str, unit: &str) -> Result<Duration, String> {
    let nanos = nanos(unit).ok_or_else(|| match unit {
        "" => format!("`{number}` has no unit; write `\"{number}s\"`"),
        "M" | "month" | "months" | "y" | "yr" | "yrs" | "year" | "years" => {
            format!("`{unit}` has no fixed length; write days, such as `\"30d\"`")
        }
        _ => format!("unknown unit `{unit}`; use `ns`, `us`, `ms`, `s`, `m`, `h`, `d` or `w`"),
    })?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (number.contains('.') && fraction.is_empty()) {
        return Err(format!("`{number}` is not a number; write for example `\"1.5{unit}\"`"));
    }
    let scale = 10u128.checked_pow(fraction.len() as u32);
    let digits = format!("{whole}{fraction}").parse::<u128>().ok();
    let scaled = digits.and_then(|digits| digits.checked_mul(nanos));
    let (Some(scale), Some(scaled)) = (scale, scaled) else { return Err(too_long(number)) };
    if scaled % scale != 0 {
        return Err(format!("`{number}{unit}` is finer than a nanosecond; round it"));
    }
    let nanos = scaled / scale;
    let seconds = u64::try_from(nanos / 1_000_000_000).map_err(|_| too_long(number))?;
    Ok(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

fn nanos(unit: &str) -> Option<u128> {
    const SECOND: u128 = 1_000_000_000;
    Some(match unit {
        "nanos" | "nsec" | "ns" => 1,
        "usec" | "us" | "µs" => 1_000,
        "millis" | "msec" | "ms" => 1_000_000,
        "seconds" | "second" | "secs" | "sec" | "s" => SECOND,
        "minutes" | "minute" | "mins" | "min" | "m" => 60 * SECOND,
        "hours" | "hour" | "hrs" | "hr" | "h" => 3_600 * SECOND,
        "days" | "day" | "d" => 86_400 * SECOND,
        "weeks" | "week" | "wks" | "wk" | "w" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

/// Splits off the front of a text, as far as its characters belong together.
pub(crate) fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn too_long(text: &str) -> String {
    format!("`{text}` is too long; write `\"never\"` for `ttl`, or a shorter time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn humantime_is_read() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(duration(" 2 hours 5min "), Ok(Duration::from_secs(7_500)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(duration("3µs 2ns"), Ok(Duration::from_nanos(3_002)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn mistakes_say_what_to_write() {
        assert_eq!(duration("90").unwrap_err(), "`90` has no unit; write `\"90s\"`");
        assert_eq!(duration("2y").unwrap_err(), "`y` has no fixed length; write days, such as `\"30d\"`");
        assert!(duration("3 fortnights").unwrap_err().starts_with("unknown unit `fortnights`; use `ns`"));
        assert!(duration("h").unwrap_err().starts_with("a number is missing before `h`"));
        assert!(duration("-1s").unwrap_err().starts_with("a number is missing before `-`"));
        assert!(duration("  ").unwrap_err().starts_with("a duration is missing"));
        assert!(duration("1.s").unwrap_err().starts_with("`1.` is not a number"));
        assert!(duration("0.5ns").unwrap_err().contains("finer than a nanosecond"));
        assert!(duration("99999999999999999999w").unwrap_err().contains("too long"));
    }
}
