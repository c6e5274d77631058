//! Key templates: `"user:{id}:{address.city}"`.

use syn::Ident;
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;

use crate::nearest::list;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// Text that stands in every key.
    Literal(String),
    /// An argument, and fields of it: `address.city`.
    Value(Vec<String>),
}

/// Reads a template, and refuses one in which two calls could get one key.
pub(crate) fn template(text: &str) -> Result<Vec<Piece>, String> {
    let pieces = pieces(text)?;
    apart(&pieces)?;
    Ok(pieces)
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if (c == '{' || c == '}') && after.starts_with(c) {
            literal.push(c);
            rest = &after[1..];
        } else if c == '{' {
            let Some((name, after)) = after.split_once('}') else {
                return Err("`{` is not closed; write `{argument}`, or `{{` for a brace".into());
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Value(fields(name)?));
            rest = after;
        } else if c == '}' {
            return Err("`}` closes nothing; write `}}` for a brace".into());
        } else {
            literal.push(c);
            rest = after;
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

fn fields(name: &str) -> Result<Vec<String>, String> {
    if name.trim().is_empty() {
        return Err("an empty placeholder; name an argument, such as `{id}`".into());
    }
    if name.contains(':') {
        return Err(format!("`{{{name}}}` has a format; a placeholder is an argument or a field of it"));
    }
    let fields: Vec<String> = name.split('.').map(|field| field.trim().to_owned()).collect();
    let good = fields.iter().enumerate().all(|(n, field)| {
        Ident::parse_any.parse_str(field).is_ok()
            || (n > 0 && !field.is_empty() && field.bytes().all(|b| b.is_ascii_digit()))
    });
    if good {
        return Ok(fields);
    }
    Err(format!("`{{{name}}}` is not an argument or a field of one; write it as in `{{user.id}}`"))
}

/// Values are percent-escaped, so that a character outside this set ends one for certain.
fn may_be_in_a_value(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.~%-".contains(c)
}

fn apart(pieces: &[Piece]) -> Result<(), String> {
    let mut before: Option<&Vec<String>> = None;
    let mut separated = true;
    for piece in pieces {
        match piece {
            Piece::Literal(text) => separated |= text.chars().any(|c| !may_be_in_a_value(c)),
            Piece::Value(fields) => {
                if let Some(before) = before.filter(|_| !separated) {
                    let names = [format!("{{{}}}", before.join(".")), format!("{{{}}}", fields.join("."))];
                    let names = list(&[&names[0], &names[1]]);
                    return Err(format!("{names} can run into each other; put a `:` between them"));
                }
                (before, separated) = (Some(fields), false);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str) -> Piece {
        Piece::Value(name.split('.').map(str::to_owned).collect())
    }

    fn text(text: &str) -> Piece {
        Piece::Literal(text.to_owned())
    }

    #[test]
    fn placeholders_and_text_alternate() {
        let pieces = template("user:{id}:{address.city}/{{x}}").unwrap();
        assert_eq!(pieces, [text("user:"), value("id"), text(":"), value("address.city"), text("/{x}")]);
        assert_eq!(template("{pair.0}").unwrap(), [value("pair.0")]);
        assert_eq!(template("all").unwrap(), [text("all")]);
    }

    #[test]
    fn placeholders_that_can_run_into_each_other_are_refused() {
        for touching in ["{a}{b}", "{a}-{b}", "{a}x.y{b}", "{a}%{b}", "u:{a}_{b}"] {
            let message = template(touching).unwrap_err();
            assert_eq!(message, "`{a}` and `{b}` can run into each other; put a `:` between them");
        }
        assert!(template("{a}-:-{b}").is_ok());
        assert!(template("{a}/{b}").is_ok());
    }

    #[test]
    fn malformed_placeholders_say_what_to_write() {
        assert!(template("{a").unwrap_err().starts_with("`{` is not closed"));
        assert!(template("a}").unwrap_err().starts_with("`}` closes nothing"));
        assert!(template("{}").unwrap_err().contains("name an argument"));
        assert!(template("{a:?}").unwrap_err().contains("has a format"));
        assert!(template("{a b}").unwrap_err().contains("`{user.id}`"));
        assert!(template("{0}").unwrap_err().contains("not an argument"));
    }
}
