//! What a call is known by: the arguments, a template of them, or an expression over them.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprReference, LitStr, Path, Type, TypeReference};

use crate::errors::Errors;
use crate::function::{Argument, Function};
use crate::mention::mentioned;
use crate::nearest::{list, nearest};
use crate::options::{Key, Options};
use crate::span;
use crate::template::Piece;
use crate::tiers::Tier;
use crate::types::{Form, borrows, impl_trait, named, path, peel};

/// What a call is known by.
pub(crate) struct KeyPlan<'a> {
    /// The arguments in it, which the controls take.
    pub(crate) arguments: Vec<&'a Argument>,
    /// The borrowed key.
    pub(crate) query: TokenStream,
    /// The owned key's type, where it can be written down.
    pub(crate) kept: Option<TokenStream>,
    pub(crate) from: From,
    /// Where it is written, for what the compiler has to say about it.
    pub(crate) at: Span,
}

/// Where a key comes from.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum From {
    /// Whole arguments.
    Arguments,
    Template,
    Expr,
}

/// Decides what is in the key.
pub(crate) fn key<'a>(
    function: &'a Function,
    options: &Options,
    krate: &Path,
    errors: &mut Errors,
) -> KeyPlan<'a> {
    if let (Some(at), Some(_)) = (options.skip.span(), options.key.get()) {
        errors.push(at, "`skip` beside `key`; remove `skip`, `key` says all that is in the key");
    }
    let skipped = skipped(function, options, errors);
    match options.key.get() {
        Some(Key::Template(text, pieces)) => from_template(function, text, pieces, krate, errors),
        Some(Key::Expr(expr)) => {
            let is_remote = options.backend.get().is_some_and(|chain| chain.0.iter().any(Tier::is_remote));
            from_expr(function, expr, is_remote, krate, errors)
        }
        None => from_arguments(function, &skipped, krate, errors),
    }
}

fn skipped<'a>(function: &'a Function, options: &Options, errors: &mut Errors) -> Vec<&'a Argument> {
    let mut skipped: Vec<&Argument> = Vec::new();
    for name in options.skip.get().into_iter().flatten() {
        match function.arguments.iter().find(|argument| argument.is_called(name)) {
            Some(argument) if skipped.iter().any(|other| other.is_called(name)) => {
                errors.push(name.span(), format!("`{}` is skipped twice; keep one", argument.name));
            }
            Some(argument) => skipped.push(argument),
            None => errors.push(name.span(), unknown(name, function)),
        }
    }
    skipped
}

fn unknown(name: &Ident, function: &Function) -> String {
    if function.arguments.iter().any(|argument| argument.bindings.contains(name)) {
        return format!(
            "`{name}` is a part of an argument; give the argument a name and take it apart in the body"
        );
    }
    let names = function.arguments.iter().filter(|argument| argument.bindings.is_empty());
    let names: Vec<String> = names.map(|argument| argument.name.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match (nearest(&name.to_string(), names.iter().copied()), &names[..]) {
        (Some(near), _) => format!("unknown argument `{name}`; did you mean `{near}`?"),
        (None, []) => format!("unknown argument `{name}`; the function has none with a name"),
        (None, names) => format!("unknown argument `{name}`; the function takes {}", list(names)),
    }
}

fn from_arguments<'a>(
    function: &'a Function,
    skipped: &[&Argument],
    krate: &Path,
    errors: &mut Errors,
) -> KeyPlan<'a> {
    let is_skipped = |argument: &Argument| skipped.iter().any(|skipped| std::ptr::eq(*skipped, argument));
    let arguments: Vec<&Argument> =
        function.arguments.iter().filter(|argument| !is_skipped(argument)).collect();
    if let Some(one_too_many) = arguments.get(12) {
        errors.on(&one_too_many.ty, "more than 12 arguments in the key; use `skip(…)` or `key = …`");
    }
    let remedy = |argument: &Argument| match argument.bindings.is_empty() {
        true => format!("write `key = …` or `skip({})`", argument.name),
        false => "write `key = …`, or name it and `skip` it".to_owned(),
    };
    for argument in &arguments {
        let place = if arguments.len() == 1 { "key = " } else { "key = (…, " };
        check(argument, place, &remedy(argument), errors);
    }
    whole(arguments.clone(), &arguments, krate, function.item.sig.ident.span())
}

/// Keys by whole arguments, in this order; the controls take them in the order of the function.
fn whole<'a>(arguments: Vec<&'a Argument>, ordered: &[&Argument], krate: &Path, at: Span) -> KeyPlan<'a> {
    let forms: Vec<Form<'_>> = ordered.iter().map(|argument| Form::of(&argument.ty)).collect();
    let lent = ordered.iter().map(|argument| borrowed(argument, Form::lent));
    let query = quote!(#krate::__private::Args((#(#lent,)*)));
    let kept = forms.iter().map(Form::kept);
    KeyPlan { arguments, query, kept: Some(quote!((#(#kept,)*))), from: From::Arguments, at }
}

/// Refuses an argument that can't be in a key, as far as its type shows.
fn check(argument: &Argument, place: &str, remedy: &str, errors: &mut Errors) {
    let (name, ty) = (&argument.name, peel(&argument.ty));
    if let Type::Reference(TypeReference { mutability: Some(_), .. }) = ty {
        errors.on(ty, format!("a `&mut` argument cannot be in the key; {remedy}"));
    } else if let Some(at) = impl_trait(ty) {
        errors.on(at, format!("`impl Trait` has no name to key by; {remedy}"));
    } else if let Type::TraitObject(object) = Form::of(ty).subject() {
        errors.on(object, format!("a `dyn Trait` cannot be kept in the key; {remedy}"));
    } else if let Some(float) = named(ty, &["f32", "f64"]) {
        let end = if place.contains('(') { ")" } else { "" };
        let is_whole = path(ty).is_some_and(|(name, _)| name == float) && argument.bindings.is_empty();
        let remedy = match is_whole {
            true => remedy.replace("key = …", &format!("{place}{name}.to_bits(){end}")),
            false => remedy.replace("`key = …`", "`key = …` with its `to_bits()`"),
        };
        errors.on(float, format!("`{float}` is not `Eq` and cannot be in the key; {remedy}"));
    } else if let Some(map) = named(ty, &["HashMap", "HashSet"]) {
        let sorted = map.to_string().replace("Hash", "BTree");
        let message =
            format!("`{map}` is not `Hash` and cannot be in the key; take a `{sorted}`, or {remedy}");
        errors.on(map, message);
    } else if let Some(local) = named(ty, &["Rc", "RefCell"]) {
        errors.on(local, format!("`{local}` stays in one thread and cannot be in the key; {remedy}"));
    } else if let Some(at) = borrows(Form::of(ty).subject()) {
        errors.on(at, format!("a borrow inside an argument cannot be kept in the key; {remedy}"));
    }
}

fn from_template<'a>(
    function: &'a Function,
    text: &LitStr,
    pieces: &[Piece],
    krate: &Path,
    errors: &mut Errors,
) -> KeyPlan<'a> {
    let at = span::at(text.span());
    let mut calls = TokenStream::new();
    let mut named: Vec<&Argument> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => calls.extend(quote_spanned!(at=> .literal(#text))),
            Piece::Value(fields) => {
                let idents: Vec<TokenTree> = fields.iter().map(|field| member(field, text.span())).collect();
                let TokenTree::Ident(name) = &idents[0] else { continue };
                let Some(argument) = function.arguments.iter().find(|argument| argument.is_called(name))
                else {
                    errors.push(text.span(), unknown(name, function));
                    continue;
                };
                let (name, fields) = (&argument.name, &idents[1..]);
                calls.extend(quote_spanned!(at=> .value(&#name #(.#fields)*)));
                named.push(argument);
            }
        }
    }
    KeyPlan {
        arguments: among(function, |argument| named.iter().any(|named| std::ptr::eq(*named, argument))),
        query: quote_spanned!(at=> #krate::__private::Template::new() #calls),
        kept: Some(quote!(#krate::__private::Text)),
        from: From::Template,
        at: text.span(),
    }
}

/// Makes the token of an argument or a field out of its name in a template.
fn member(name: &str, at: Span) -> TokenTree {
    if let Ok(number) = name.parse() {
        let mut number = proc_macro2::Literal::u32_unsuffixed(number);
        number.set_span(at);
        return number.into();
    }
    if name == "self" {
        return Ident::new(name, at).into();
    }
    match syn::parse_str::<Ident>(name) {
        Ok(mut ident) => {
            ident.set_span(at);
            ident.into()
        }
        Err(_) => Ident::new_raw(name, at).into(),
    }
}

fn from_expr<'a>(
    function: &'a Function,
    expr: &Expr,
    is_remote: bool,
    krate: &Path,
    errors: &mut Errors,
) -> KeyPlan<'a> {
    let parts: Vec<&Expr> = match expr {
        Expr::Tuple(tuple) => tuple.elems.iter().collect(),
        expr => vec![expr],
    };
    let is_argument = |name: &Ident| function.arguments.iter().any(|argument| argument.is_called(name));
    let mentioned = mentioned(expr.to_token_stream(), &is_argument);
    let arguments = among(function, |argument| mentioned.iter().any(|name| argument.is_called(name)));
    for part in &parts {
        misspelt(part, function, errors);
    }
    let whole_ones: Vec<Option<&Argument>> = parts.iter().map(|part| argument(function, part)).collect();
    for argument in whole_ones.iter().flatten() {
        check(argument, "", "key by `key = …`", errors);
    }
    if let Some(ordered) = whole_ones.into_iter().collect::<Option<Vec<_>>>() {
        return whole(arguments, &ordered, krate, expr.span());
    }
    let parts = parts.iter().map(|expr| part(function, expr, is_remote, krate));
    let query = quote!(#krate::__private::Args((#(#parts,)*)));
    KeyPlan { arguments, query, kept: None, from: From::Expr, at: expr.span() }
}

/// Returns the argument that an expression is, if it is no more than that.
fn argument<'a>(function: &'a Function, expr: &Expr) -> Option<&'a Argument> {
    let Expr::Path(path) = expr else { return None };
    let name = path.path.get_ident()?;
    function.arguments.iter().find(|argument| argument.is_called(name))
}

/// Refuses what is nearly the name of an argument, once instead of once a control.
fn misspelt(expr: &Expr, function: &Function, errors: &mut Errors) {
    match expr {
        Expr::Field(field) => misspelt(&field.base, function, errors),
        Expr::MethodCall(call) => misspelt(&call.receiver, function, errors),
        Expr::Paren(paren) => misspelt(&paren.expr, function, errors),
        Expr::Reference(reference) => misspelt(&reference.expr, function, errors),
        Expr::Path(path) if argument(function, expr).is_none() => {
            let Some(name) = path.path.get_ident() else { return };
            let message = unknown(name, function);
            let is_near = message.contains("did you mean") || message.contains("is a part of");
            if is_near && name.to_string().starts_with(char::is_lowercase) {
                errors.on(name, message);
            }
        }
        _ => {}
    }
}

/// Writes one part of a key: an argument in its own form, or what an expression borrows or makes.
fn part(function: &Function, expr: &Expr, is_remote: bool, krate: &Path) -> TokenStream {
    let at = span::at(expr.span());
    let krate = span::moved(krate, at);
    let check = Ident::new(if is_remote { "remote_part" } else { "part" }, at);
    let check = quote_spanned!(at=> #krate::__private::check::#check);
    if let Some(argument) = argument(function, expr) {
        let borrowed = borrowed(argument, Form::borrowed);
        return quote_spanned!(at=> #check(#borrowed));
    }
    let borrowed = ExprReference {
        attrs: Vec::new(),
        and_token: syn::Token![&](at),
        mutability: None,
        expr: Box::new(expr.clone()),
    };
    quote_spanned!(at=> #check(#krate::__private::Part(#borrowed).dcache_part()))
}

/// Writes how a look-up takes an argument, in one of the forms.
fn borrowed<'a>(argument: &'a Argument, form: fn(&Form<'a>, &Ident) -> TokenStream) -> TokenStream {
    let (name, ty) = (&argument.name, &argument.ty);
    match Form::of(ty) {
        // a handle has a reference of what the method takes by value
        Form::Owned(_) if argument.is_self() => quote!(<_ as ::core::borrow::Borrow<#ty>>::borrow(&#name)),
        taken => form(&taken, name),
    }
}

fn among(function: &Function, is_in: impl Fn(&Argument) -> bool) -> Vec<&Argument> {
    function.arguments.iter().filter(|argument| is_in(argument)).collect()
}
