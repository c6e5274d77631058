//! Where a function stands: an attribute does not see it, and only the source tells.
//!
//! An associated function without `self` looks like a free one, but has no room beside it for a type with its
//! controls. So the braces around the attribute are looked up in the source. Where that cannot be read, the
//! function counts as a free one; `companion = none` says otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// A line and a column, both counted from one.
pub(crate) type Position = (usize, usize);

/// What a function stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Place {
    /// A module or a body, as far as is known.
    #[default]
    Free,
    /// An `impl` of a type, or a `trait`.
    Type,
    /// An `impl` of a trait, where nothing but the trait's members can stand.
    TraitImpl,
}

/// Tells what a function stands in whose attribute is here.
pub(crate) fn place(file: &Path, at: Position) -> Place {
    static READ: Mutex<BTreeMap<PathBuf, Source>> = Mutex::new(BTreeMap::new());
    let Ok(modified) = fs::metadata(file).and_then(|metadata| metadata.modified()) else {
        return Place::Free;
    };
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if read.get(file).is_none_or(|source| source.modified != modified) {
        let Ok(source) = fs::read_to_string(file) else { return Place::Free };
        read.insert(file.to_owned(), Source { modified, braces: braces(&source) });
    }
    read.get(file).map_or(Place::Free, |source| after_brace(&source.braces, at))
}

/// What is known of a file: read once, as a compiler asks about each of its functions.
struct Source {
    modified: SystemTime,
    braces: Vec<Brace>,
}

/// A brace, and what that which follows it stands in.
struct Brace {
    at: Position,
    place: Place,
}

fn after_brace(braces: &[Brace], at: Position) -> Place {
    let before = braces.partition_point(|brace| brace.at <= at);
    before.checked_sub(1).map_or(Place::Free, |last| braces[last].place)
}

/// Finds all braces of a source.
fn braces(source: &str) -> Vec<Brace> {
    let mut scanner = Scanner { bytes: source.as_bytes(), next: 0, line: 1, line_start: 0 };
    let mut braces = Vec::new();
    let mut open: Vec<Item> = Vec::new();
    let mut item = Item::default();
    while let Some(token) = scanner.token() {
        match token {
            Token::Word(word) => item.word(word),
            Token::Other(b'(' | b'[') => item.depth += 1,
            Token::Other(b')' | b']') => item.depth = item.depth.saturating_sub(1),
            Token::Other(b';') if item.depth == 0 => item = Item::default(),
            Token::Other(b'<') => item.end_for(false),
            Token::Other(b'{') => {
                item.end_for(true);
                braces.push(Brace { at: scanner.position(source), place: item.place });
                open.push(std::mem::take(&mut item));
            }
            Token::Other(b'}') => {
                let depth = open.pop().unwrap_or_default().depth;
                item = Item { depth, is_named: depth > 0, ..Item::default() };
                let place = open.last().map_or(Place::Free, |outer| outer.place);
                braces.push(Brace { at: scanner.position(source), place });
            }
            Token::Other(_) => item.end_for(true),
        }
    }
    braces
}

/// What is known of an item before its brace.
#[derive(Default)]
struct Item {
    /// So many parentheses and brackets are open.
    depth: usize,
    /// The keyword that says what it is has come.
    is_named: bool,
    place: Place,
    /// A `for` has come: that of a trait, unless `<` follows.
    has_for: bool,
}

impl Item {
    fn word(&mut self, word: &[u8]) {
        self.end_for(true);
        let is_qualifier = matches!(word, b"pub" | b"unsafe" | b"default" | b"auto" | b"const");
        if self.depth == 0 && !self.is_named && !is_qualifier {
            self.is_named = true;
            self.place = if matches!(word, b"impl" | b"trait") { Place::Type } else { Place::Free };
        }
        self.has_for = self.depth == 0 && self.place == Place::Type && word == b"for";
    }

    /// Settles what a `for` has been, once it is known what follows.
    fn end_for(&mut self, is_of_trait: bool) {
        if std::mem::take(&mut self.has_for) && is_of_trait {
            self.place = Place::TraitImpl;
        }
    }
}

enum Token<'a> {
    Word(&'a [u8]),
    Other(u8),
}

/// Reads a source as far as braces need it: words and punctuation, without comments and literals.
struct Scanner<'a> {
    bytes: &'a [u8],
    next: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Scanner<'a> {
    fn token(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.bytes[self.next..];
            match rest {
                [] => return None,
                [b'/', b'/', ..] => self.skip(rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())),
                [b'/', b'*', ..] => self.skip(comment(rest)),
                [b'"', ..] => self.skip(string(rest)),
                [b'\'', ..] => self.skip(quoted(rest)),
                [b, ..] if is_word(*b) => {
                    let word = &rest[..rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len())];
                    self.skip(word.len());
                    let raw =
                        raw_string(&rest[word.len()..]).filter(|_| matches!(word, b"r" | b"br" | b"cr"));
                    match raw {
                        Some(length) => self.skip(length),
                        None => return Some(Token::Word(word)),
                    }
                }
                [b, ..] => {
                    self.skip(1);
                    if !b.is_ascii_whitespace() {
                        return Some(Token::Other(*b));
                    }
                }
            }
        }
    }

    fn skip(&mut self, length: usize) {
        for at in self.next..self.next + length {
            if self.bytes[at] == b'\n' {
                (self.line, self.line_start) = (self.line + 1, at + 1);
            }
        }
        self.next += length;
    }

    /// Returns where the token stands that was read last, a single character.
    fn position(&self, source: &str) -> Position {
        (self.line, source.get(self.line_start..self.next).map_or(1, |line| line.chars().count()))
    }
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || !b.is_ascii()
}

/// Returns the length of the comment in front, with those inside it.
fn comment(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// Returns the length of the string in front.
fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(b) = rest.get(at) {
        match b {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Returns the length of the raw string that begins after its `r`, if there is one.
fn raw_string(rest: &[u8]) -> Option<usize> {
    let hashes = rest.iter().take_while(|b| **b == b'#').count();
    if rest.get(hashes) != Some(&b'"') {
        return None;
    }
    let end = [&b"\""[..], &vec![b'#'; hashes]].concat();
    let inside = &rest[hashes + 1..];
    let length = inside.windows(end.len()).position(|window| window == end).unwrap_or(inside.len());
    Some((hashes + 1 + length + end.len()).min(rest.len()))
}

/// Returns the length of the character in front; of a lifetime, only that of its quote.
fn quoted(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        let end = rest.iter().skip(3).position(|b| *b == b'\'');
        return end.map_or(rest.len(), |end| end + 4);
    }
    let after = (2..rest.len()).find(|at| rest[*at] & 0xc0 != 0x80); // the next character begins here
    match after.filter(|at| rest[*at] == b'\'') {
        Some(at) => at + 1,
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks at each `@` of a source, from top to bottom.
    fn places(source: &str) -> Vec<Place> {
        let braces = braces(source);
        let ask = |(line, text): (usize, &str)| {
            let column = text.chars().position(|c| c == '@')? + 1;
            Some(after_brace(&braces, (line + 1, column)))
        };
        source.lines().enumerate().filter_map(ask).collect()
    }

    #[test]
    fn members_are_told_from_free_functions() {
        let source = "
            @ fn free() { if x { y() } }
            impl<T> Shop<T> where T: for<'a> Fn(&'a u8) -> [u8; 2] { @ fn a() {}
                @ fn b() {
                    @ fn inner() {}
                    impl Other { @ fn c() {} }
                    call(|| { @ fn in_a_closure() {} }, 1);
                }
                @ pub(crate) const fn d() {}
            }
            @ fn free_again() {}
            pub(crate) unsafe trait Tr { type A; @ fn t() {} }
            mod m { @ fn f() {}
                impl<T: X> super::Tr for &'static T { @ fn t() {} } }
            macro_rules! m { ($t:ty) => { impl Tr for $t { @ fn m() {} } };
                () => { @ fn n() {} } }
        ";
        use Place::{Free, TraitImpl, Type};
        let found = [Free, Type, Type, Free, Type, Free, Type, Free, Type, Free, TraitImpl, TraitImpl, Free];
        assert_eq!(places(source), found);
    }

    #[test]
    fn literals_and_comments_are_passed_over() {
        let source = r####"
            const A: &str = "impl X { \" {"; const B: char = '{'; const C: char = '\''; // impl X {
            const D: &str = r##"{ "# {"##; /* { /* { */ { */ const E: &[u8] = br"{"; const F: char = '\u{7b}';
            fn lifetimes<'a>(x: &'a str) -> char { '{' }
            const G: char = 'é'; const H: char = '"';
            @ fn f() {}
            impl X { const R: &str = r"}"; @ fn g() {} }
        "####;
        assert_eq!(places(source), [Place::Free, Place::Type]);
    }
}
