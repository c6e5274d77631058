//! Walks over a value that write nothing, and refuse what a codec would lose.

use super::sink::Sink;
use super::{Reason, Refusal, tag};

/// Finds what a codec cannot bring back that writes neither names nor the ends of things.
#[derive(Default)]
pub(super) struct Positional {
    pub(super) elements: usize,
}

impl Sink for Positional {
    type Buffer = Vec<u8>;
    const ORDERS_MAPS: bool = false;

    #[inline]
    fn write(&mut self, _bytes: &[u8]) {}

    fn claims(&mut self, length: Option<usize>) -> Result<(), Refusal> {
        length.map(drop).ok_or(Refusal(Reason::UnknownLength))
    }

    fn counted(&mut self, claimed: Option<usize>, length: usize) -> Result<(), Refusal> {
        self.elements += length;
        if claimed == Some(length) { Ok(()) } else { Err(Refusal(Reason::Miscounted)) }
    }

    fn skipped(&mut self, container: &'static str, field: &'static str) -> Result<(), Refusal> {
        Err(Refusal(Reason::Skipped { container, field }))
    }
}

/// Finds what JSON, which has one `null` for everything that is not there, would bring back as something
/// else: `Some(None)` and `Some(())` as `None`, NaN as `None` or not at all.
#[derive(Default)]
pub(super) struct SelfDescribing {
    in_some: bool,
}

impl Sink for SelfDescribing {
    type Buffer = Vec<u8>;
    const ORDERS_MAPS: bool = false;

    #[inline]
    fn write(&mut self, _bytes: &[u8]) {}

    fn begins(&mut self, tag: u8) -> Result<(), Refusal> {
        match tag {
            tag::NONE | tag::UNIT | tag::UNIT_STRUCT if self.in_some => {
                return Err(Refusal(Reason::LostInNull));
            }
            tag::SOME => self.in_some = true,
            // JSON writes the inner value alone
            tag::NEWTYPE => {}
            _ => self.in_some = false,
        }
        Ok(())
    }

    fn float(&mut self, is_finite: bool) -> Result<(), Refusal> {
        if is_finite { Ok(()) } else { Err(Refusal(Reason::NotANumber)) }
    }
}
