//! The exploration of a type: what is learned from run to run, and what one run notes.
//!
//! In one run a type is decoded once, from plausible values. What a run cannot know beforehand it learns by
//! failing, and the type is decoded again:
//!
//! - *Enums:* every run takes the first variant of an enum in which something is still unseen, and the
//!   exploration ends when nothing is.
//! - *Known types:* a type that was seen as a whole, or that is met again inside itself, is noted as
//!   such. Its value must be made all the same, as small as can be (*closing*): no `Some`, no
//!   elements, and of an enum a variant that does not lead back into itself. Which one that is, is found
//!   by trying; the choices of nested enums are counted up like the wheels of an odometer.
//! - *Validation:* after a refusal the plain value that was given last is exchanged for the next one.
//!
//! Types are told apart by the `type_name` of their visitors, which is not hashed. All is bounded: a
//! type that needs more steps counts as one that refuses.

use std::any::type_name;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use blake3::Hasher;
use serde::de::DeserializeOwned;

use super::event::Event;
use super::trace::Tracer;
use crate::contain::contained;

/// How many questions of a type are answered, all runs together; ordinary types ask a few dozen.
const STEPS: usize = 100_000;

/// How deep types may be nested.
const DEPTH: usize = 100;

/// A type that has others in it, told by its visitor and the names of its fields or variants.
pub(super) type Id = u64;

pub(super) fn id_of<V>(names: &[&str]) -> Id {
    BuildHasherDefault::<DefaultHasher>::default().hash_one((type_name::<V>(), names))
}

/// A place in a type where a value is chosen: the type around it, and its number there.
pub(super) type Place = (Id, usize);

/// Ends a run.
#[derive(Clone, Copy, PartialEq)]
enum Stop {
    /// Something was learned; the next run knows more.
    Again,
    /// There is nothing left to try.
    Exhausted,
}

struct Level {
    id: Id,
    /// How many variants it has, where it is an enum.
    variants: usize,
}

/// What is known of an enum.
#[derive(Default)]
struct Enumeration {
    /// How many variants, from the first on, were seen as a whole.
    seen: usize,
    /// The variant that is taken when closing.
    closing: usize,
}

/// A type that was entered.
#[derive(Clone, Copy)]
pub(super) struct Entered {
    level: usize,
    /// In how many places something remained to be seen before, where the type is met for the first time.
    unseen: Option<usize>,
}

impl Entered {
    /// Tells whether the smallest value will do.
    pub(super) fn is_known(self) -> bool {
        self.unseen.is_none()
    }
}

pub(super) struct Search {
    pub(super) human_readable: bool,
    steps: usize,
    enums: HashMap<Id, Enumeration>,
    known: HashMap<Id, usize>,
    choices: HashMap<Place, usize>,
    /// Whether a type looked at the data before it knew what it wanted.
    named: bool,
    /// All that was noted, in the runs that failed too: what they saw is known from then on.
    events: Hasher,

    // of the present run
    stack: Vec<Level>,
    /// How many newtypes are entered, which are no levels.
    newtypes: usize,
    /// From which level on values are only made, not looked at.
    closing: Option<usize>,
    /// In how many places something remains to be seen.
    unseen: usize,
    last: Option<(Place, usize)>,
    /// Kept here as well as in the error, which the type may swallow.
    stop: Option<Stop>,
}

/// Returns the digest of all that can be seen of a type.
pub(super) fn explore<T: DeserializeOwned>(human_readable: bool) -> blake3::Hash {
    let mut search = Search::new(human_readable);
    let complete = loop {
        search.begin();
        let tracer = Tracer::new(&mut search);
        // the notes are whole after a panic too: nothing is left half done between two of them
        let decoded = contained(|| T::deserialize(tracer).is_ok());
        match (decoded, search.stop) {
            (None, _) | (_, Some(Stop::Exhausted)) => break false,
            (_, Some(Stop::Again)) => {}
            (Some(true), None) if search.unseen == 0 => break true,
            (Some(true), None) => {}
            (Some(false), None) if search.choose_otherwise() => {}
            (Some(false), None) => break false,
        }
    };
    if !complete || search.named {
        search.begin();
        search.note_names(Event::TypeName, &[type_name::<T>()]);
    }
    search.events.finalize()
}

impl Search {
    fn new(human_readable: bool) -> Self {
        Self {
            human_readable,
            steps: 0,
            enums: HashMap::new(),
            known: HashMap::new(),
            choices: HashMap::new(),
            named: false,
            events: Hasher::new_derive_key("dcache schema of a type"),
            stack: Vec::new(),
            newtypes: 0,
            closing: None,
            unseen: 0,
            last: None,
            stop: None,
        }
    }

    fn begin(&mut self) {
        self.stack.clear();
        self.newtypes = 0;
        (self.closing, self.unseen, self.last, self.stop) = (None, 0, None, None);
        self.steps += 1;
        self.note(Event::Run);
    }

    /// Notes something, unless the type is known.
    pub(super) fn note(&mut self, event: Event) {
        self.note_number(event, 0);
    }

    pub(super) fn note_number(&mut self, event: Event, number: usize) {
        if self.closing.is_none() {
            self.events.update(&[event as u8]).update(&(number as u64).to_le_bytes());
        }
    }

    pub(super) fn note_names(&mut self, event: Event, names: &[&str]) {
        self.note_number(event, names.len());
        if self.closing.is_none() {
            for name in names {
                self.events.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            }
        }
    }

    /// Notes that the type decides by what it finds, so that not all of it can be seen.
    pub(super) fn note_unseen(&mut self, event: Event) {
        self.note(event);
        self.named = true;
    }

    /// Counts an answer; there is an end to them.
    pub(super) fn step(&mut self) -> Result<(), Refused> {
        self.steps += 1;
        if self.steps > STEPS || self.stack.len() + self.newtypes > DEPTH {
            return Err(self.stop(Stop::Exhausted));
        }
        match self.stop {
            None => Ok(()),
            Some(_) => Err(Refused),
        }
    }

    fn stop(&mut self, stop: Stop) -> Refused {
        self.stop.get_or_insert(stop);
        Refused
    }

    /// Chooses one of several values for a place.
    pub(super) fn choose(&mut self, place: Place, from: usize) -> usize {
        self.last = Some((place, from));
        self.choices.get(&place).copied().unwrap_or(0)
    }

    /// Exchanges what was chosen last, and tells whether there was anything left to choose from.
    fn choose_otherwise(&mut self) -> bool {
        let Some((place, from)) = self.last else { return false };
        let choice = self.choices.entry(place).or_default();
        *choice += 1;
        *choice < from
    }

    /// Enters a type that has others in it.
    pub(super) fn enter(&mut self, id: Id, variants: usize) -> Result<Entered, Refused> {
        self.step()?;
        let level = self.stack.len();
        if let Some(start) = self.closing {
            if self.stack[start..].iter().any(|level| level.id == id) {
                return Err(self.lead_elsewhere(start));
            }
        } else if let Some(number) = self.known.get(&id).copied() {
            self.note_number(Event::Known, number);
            self.closing = Some(level);
        } else if let Some(at) = self.stack.iter().position(|level| level.id == id) {
            self.note_number(Event::Recursion, level - at);
            self.closing = Some(level);
        }
        self.stack.push(Level { id, variants });
        Ok(Entered { level, unseen: self.closing.is_none().then_some(self.unseen) })
    }

    /// Leaves a type whose value was made.
    pub(super) fn leave(&mut self, entered: Entered) {
        // levels above this one are left over where a type swallowed an error
        self.stack.truncate(entered.level + 1);
        let Some(Level { id, variants }) = self.stack.pop() else { return };
        self.closing = self.closing.filter(|start| *start < entered.level);
        if entered.unseen != Some(self.unseen) {
            return;
        }
        if variants > 0 {
            let enumeration = self.enums.entry(id).or_default();
            enumeration.seen += 1;
            if enumeration.seen < variants {
                self.unseen += 1;
                return;
            }
        }
        let number = self.known.len();
        self.known.entry(id).or_insert(number);
    }

    /// Enters a newtype, which is transparent; the way back is [`leave_newtype`](Self::leave_newtype).
    pub(super) fn enter_newtype(&mut self) -> Result<(), Refused> {
        self.newtypes += 1;
        self.step()
    }

    pub(super) fn leave_newtype(&mut self) {
        self.newtypes = self.newtypes.saturating_sub(1);
    }

    /// Says which variant of an enum to take.
    pub(super) fn variant(&mut self, id: Id, entered: Entered) -> usize {
        let enumeration = self.enums.entry(id).or_default();
        if entered.is_known() { enumeration.closing } else { enumeration.seen }
    }

    /// Takes another variant of the enums that led back into themselves while closing.
    fn lead_elsewhere(&mut self, start: usize) -> Refused {
        for level in self.stack[start..].iter().rev().filter(|level| level.variants > 0) {
            let enumeration = self.enums.entry(level.id).or_default();
            enumeration.closing += 1;
            if enumeration.closing < level.variants {
                return self.stop(Stop::Again);
            }
            enumeration.closing = 0;
        }
        self.stop(Stop::Exhausted)
    }
}

/// Ends decoding; why is in [`Search::stop`], and nowhere where the type refused.
#[derive(Debug)]
pub(super) struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

impl serde::de::Error for Refused {
    fn custom<T: std::fmt::Display>(_message: T) -> Self {
        Self
    }
}
