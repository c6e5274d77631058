//! A part of a time to live: a duration, or a fraction of it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Lit};

use crate::duration::{Time, literal};
use crate::span;

/// A part of a time to live as it was written.
#[derive(Clone)]
pub(crate) enum Portion {
    Length(Time),
    /// More than 0 and less than 1.
    Fraction(f64, Span),
}

impl Parse for Portion {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let expr: Expr = input.parse()?;
        let Some(Lit::Float(number)) = literal(&expr) else { return Time::from_expr(expr).map(Self::Length) };
        let fraction: f64 = number.base10_parse()?;
        if number.suffix().is_empty() && fraction > 0.0 && fraction < 1.0 {
            return Ok(Self::Fraction(fraction, number.span()));
        }
        let message = "a fraction of `ttl` is between 0 and 1; write `0.1`, or a duration such as `\"5s\"`";
        Err(syn::Error::new(number.span(), message))
    }
}

impl ToTokens for Portion {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Length(time) => time.asked().to_tokens(tokens),
            Self::Fraction(fraction, at) => {
                let at = span::at(*at);
                tokens.extend(quote_spanned!(at=> #fraction));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_and_durations_are_read() {
        assert!(matches!(syn::parse_str("0.25"), Ok(Portion::Fraction(fraction, _)) if fraction == 0.25));
        assert!(matches!(syn::parse_str("\"5s\""), Ok(Portion::Length(_))));
        assert!(matches!(syn::parse_str("settings().jitter"), Ok(Portion::Length(Time::Dynamic(_)))));
        for wrong in ["1.0", "0.0", "1.5", "10", "0.1f32", "-0.1"] {
            assert!(syn::parse_str::<Portion>(wrong).is_err(), "{wrong}");
        }
    }
}
