//! The one way in which names and their values are read: options of the attribute and arguments of a tier.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Ident, LitBool, Token, parenthesized, token};

use crate::errors::Errors;
use crate::nearest::{list, nearest};

/// A name that may be written, and how its value is read into `T`.
pub(crate) struct Known<T> {
    /// The name.
    pub(crate) name: &'static str,
    /// One right way to write it, for messages.
    pub(crate) example: &'static str,
    /// What follows the name.
    pub(crate) form: Form<T>,
}

/// Reads a value into its slot; the identifier is the name as it was written.
pub(crate) type Read<T> = fn(&mut T, &Ident, ParseStream<'_>) -> syn::Result<()>;

/// What follows a name.
pub(crate) enum Form<T> {
    /// `name = value`.
    Value(Read<T>),
    /// `name(value, …)`.
    List(Read<T>),
    /// `name`, or `name = true`.
    Flag(fn(&mut T, &Ident, bool) -> syn::Result<()>),
}

/// Reads names and values into `target`. Every mistake is added, and the next name is read after it.
///
/// `owner` says whose they are in messages: nothing, or "of `memory`".
pub(crate) fn read<T>(
    target: &mut T,
    known: &[Known<T>],
    (what, owner): (&str, &str),
    input: ParseStream<'_>,
    errors: &mut Errors,
) {
    each(input, errors, |input, _| entry(target, known, (what, owner), input));
}

/// Reads entries parted by commas; after a mistake goes on with what looks like the next entry.
pub(crate) fn each(
    input: ParseStream<'_>,
    errors: &mut Errors,
    mut read: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    while !input.is_empty() {
        let read = read(input, errors).and_then(|()| match input.is_empty() {
            true => Ok(()),
            false => input
                .parse::<Token![,]>()
                .map(drop)
                .map_err(|error| syn::Error::new(error.span(), "expected `,` between two entries")),
        });
        if errors.take(read).is_none() {
            skip_to_next(input);
        }
    }
}

fn skip_to_next(input: ParseStream<'_>) {
    while !input.is_empty() {
        match input.parse::<Option<Token![,]>>() {
            Ok(Some(_)) if input.is_empty() || starts_an_entry(input) => return,
            Ok(Some(_)) => {}
            _ => drop(input.parse::<proc_macro2::TokenTree>()),
        }
    }
}

/// Passes over what a mistake has left between parentheses, so that it is no second one.
pub(crate) fn skip_all(input: ParseStream<'_>) {
    while !input.is_empty() {
        drop(input.parse::<proc_macro2::TokenTree>());
    }
}

fn starts_an_entry(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    ahead.call(Ident::parse_any).is_ok()
        && (ahead.is_empty()
            || ahead.peek(Token![,])
            || ahead.peek(token::Paren)
            || (ahead.peek(Token![=]) && !ahead.peek(Token![==]) && !ahead.peek(Token![=>])))
}

fn entry<T>(
    target: &mut T,
    known: &[Known<T>],
    (what, owner): (&str, &str),
    input: ParseStream<'_>,
) -> syn::Result<()> {
    let name = input.call(Ident::parse_any).map_err(|error| {
        syn::Error::new(error.span(), format!("not an {what}{owner}; known are {}", names(known)))
    })?;
    let Some(entry) = known.iter().find(|known| name == known.name) else {
        return Err(syn::Error::new(name.span(), unknown(&name, known, what, owner)));
    };
    match entry.form {
        Form::Flag(set) => set(target, &name, flag(entry.example, input)?),
        Form::Value(read) => {
            let after = after(&name, input);
            if input.peek(Token![==]) {
                return Err(input.error(format!("one `=` gives a value; write `{}`", entry.example)));
            }
            let assigned = input.parse::<Option<Token![=]>>()?.is_some();
            if !assigned || input.is_empty() || input.peek(Token![,]) {
                return Err(misses_its_value(after, &name, entry.example));
            }
            read(target, &name, input)
        }
        Form::List(read) => {
            if !input.peek(token::Paren) {
                return Err(misses_its_value(after(&name, input), &name, entry.example));
            }
            let inside;
            parenthesized!(inside in input);
            let read = read(target, &name, &inside);
            skip_all(&inside);
            read
        }
    }
}

fn flag(example: &str, input: ParseStream<'_>) -> syn::Result<bool> {
    if input.parse::<Option<Token![=]>>()?.is_none() {
        return match input.is_empty() || input.peek(Token![,]) {
            true => Ok(true),
            false => Err(input.error(format!("a flag takes no arguments; write `{example}`"))),
        };
    }
    let value: Result<LitBool, _> = input.parse();
    value.map(|value| value.value).map_err(|error| {
        syn::Error::new(error.span(), format!("a flag is `true` or `false`; write `{example}`"))
    })
}

/// Returns the token after a name: the one to edit where the value is missing.
fn after(name: &Ident, input: ParseStream<'_>) -> Span {
    match input.is_empty() || input.peek(Token![,]) || input.peek(Token![=]) {
        true => name.span(),
        false => input.span(),
    }
}

fn misses_its_value(at: Span, name: &Ident, example: &str) -> syn::Error {
    syn::Error::new(at, format!("`{name}` needs a value; write `{example}`"))
}

fn unknown<T>(name: &Ident, known: &[Known<T>], what: &str, owner: &str) -> String {
    match nearest(&name.to_string(), known.iter().map(|known| known.name)) {
        Some(near) => format!("unknown {what} `{name}`{owner}; did you mean `{near}`?"),
        None => format!("unknown {what} `{name}`{owner}; known are {}", names(known)),
    }
}

fn names<T>(known: &[Known<T>]) -> String {
    list(&known.iter().map(|known| known.name).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use syn::LitInt;
    use syn::parse::Parser as _;

    use super::*;
    use crate::slot::Slot;

    #[derive(Default)]
    struct Target {
        size: Slot<u8>,
        list: Slot<usize>,
        flag: Slot<bool>,
    }

    const KNOWN: &[Known<Target>] = &[
        Known {
            name: "size",
            example: "size = 1",
            form: Form::Value(|target, name, input| {
                let value = input.parse::<LitInt>()?.base10_parse()?;
                target.size.set(name, value)
            }),
        },
        Known {
            name: "list",
            example: "list(a)",
            form: Form::List(|target, name, input| {
                let names = input.parse_terminated(Ident::parse_any, Token![,])?;
                target.list.set(name, names.len())
            }),
        },
        Known {
            name: "flag",
            example: "flag",
            form: Form::Flag(|target, name, on| target.flag.set(name, on)),
        },
    ];

    fn read_all(text: &str) -> (Target, Vec<String>) {
        let (mut target, mut errors) = (Target::default(), Errors::new());
        let parser = |input: ParseStream<'_>| {
            read(&mut target, KNOWN, ("option", ""), input, &mut errors);
            Ok(())
        };
        parser.parse_str(text).unwrap();
        let errors = match errors.finish() {
            Ok(()) => Vec::new(),
            Err(all) => all.into_iter().map(|error| error.to_string()).collect(),
        };
        (target, errors)
    }

    #[test]
    fn every_form_is_read() {
        let (target, errors) = read_all("size = 3, list(a, b), flag,");
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!((target.size.get(), target.list.get(), target.flag.on()), (Some(&3), Some(&2), true));
        assert!(!read_all("flag = false").0.flag.on());
    }

    #[test]
    fn all_mistakes_are_found_and_the_rest_is_kept() {
        let (target, errors) = read_all("siez = 1, size = a<b, c>, flag(1), list = 2, flag = maybe, flag");
        assert_eq!(
            errors,
            [
                "unknown option `siez`; did you mean `size`?",
                "expected integer literal",
                "a flag takes no arguments; write `flag`",
                "`list` needs a value; write `list(a)`",
                "a flag is `true` or `false`; write `flag`",
            ]
        );
        assert!(target.flag.on());
    }

    #[test]
    fn missing_values_name_an_example() {
        assert_eq!(read_all("size").1, ["`size` needs a value; write `size = 1`"]);
        assert_eq!(read_all("size =, flag").1, ["`size` needs a value; write `size = 1`"]);
        assert_eq!(read_all("size(3)").1, ["`size` needs a value; write `size = 1`"]);
    }

    #[test]
    fn far_names_list_what_is_known() {
        assert_eq!(
            read_all("expiry = 2").1,
            ["unknown option `expiry`; known are `size`, `list` and `flag`"]
        );
        assert_eq!(read_all("\"size\"").1, ["not an option; known are `size`, `list` and `flag`"]);
    }
}
