//! Contenders for the same work, and what must hold between them.

use std::io;

use serde::{Deserialize, Serialize};

use crate::contender::Contender;
use crate::figure::{Spread, Unit};
use crate::measure::Plan;

/// A group that can be asked for by its name.
pub struct Known {
    /// Names the group on the command line, and its files.
    pub name: &'static str,
    /// Prepares it. The error says why it cannot be measured here.
    pub build: fn(&Plan) -> io::Result<Group>,
}

/// Contenders for the same work.
pub struct Group {
    pub title: String,
    /// What is done, in one or two sentences.
    pub about: String,
    pub unit: Unit,
    /// The first is what the others are compared with.
    pub contenders: Vec<Contender>,
    pub bounds: Vec<Bound>,
    /// How long each contender works in a round.
    pub slice_ms: u64,
    pub rounds: usize,
}

impl Group {
    /// A group of short calls by one thread, in nanoseconds.
    pub fn new(title: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            about: about.into(),
            unit: Unit::Time,
            contenders: Vec::new(),
            bounds: Vec::new(),
            slice_ms: 2,
            rounds: 101,
        }
    }

    #[must_use]
    pub fn contenders(mut self, contenders: impl IntoIterator<Item = Contender>) -> Self {
        self.contenders.extend(contenders);
        self
    }

    #[must_use]
    pub fn bounds(mut self, bounds: impl IntoIterator<Item = Bound>) -> Self {
        self.bounds.extend(bounds);
        self
    }

    #[must_use]
    pub fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Sets how long each contender works in a round, and how many rounds there are unless `--quick` is given.
    #[must_use]
    pub fn rounds(mut self, rounds: usize, slice_ms: u64) -> Self {
        self.rounds = rounds;
        self.slice_ms = slice_ms;
        self
    }
}

/// What one contender's figure is measured against.
#[derive(Clone, Debug)]
pub struct Bound {
    pub of: &'static str,
    pub over: &'static str,
    pub limit: Limit,
}

/// How one figure must stand to another, both of the same round.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Limit {
    /// At most so many times the other.
    Times(f64),
    /// At least so many times the other.
    AtLeast(f64),
    /// Less than the other.
    Below,
    /// At most so much more than the other, in the unit of the group.
    Plus(f64),
}

impl Bound {
    pub fn times(of: &'static str, most: f64, over: &'static str) -> Self {
        Self { of, over, limit: Limit::Times(most) }
    }

    pub fn at_least(of: &'static str, least: f64, over: &'static str) -> Self {
        Self { of, over, limit: Limit::AtLeast(least) }
    }

    pub fn below(of: &'static str, over: &'static str) -> Self {
        Self { of, over, limit: Limit::Below }
    }

    pub fn plus(of: &'static str, most: f64, over: &'static str) -> Self {
        Self { of, over, limit: Limit::Plus(most) }
    }
}

impl Limit {
    /// Sets one figure against the other.
    pub fn compare(self, figure: f64, other: f64) -> f64 {
        match self {
            Self::Plus(_) => figure - other,
            Self::Times(_) | Self::AtLeast(_) | Self::Below => figure / other,
        }
    }

    /// Returns whether what the comparison came to is within the limit.
    pub fn holds(self, compared: f64) -> bool {
        match self {
            Self::Times(most) | Self::Plus(most) => compared <= most,
            Self::AtLeast(least) => compared >= least,
            Self::Below => compared < 1.0,
        }
    }

    /// Says what the limit is.
    pub fn show(self, unit: Unit) -> String {
        match self {
            Self::Times(most) => format!("≤ {most:.2}"),
            Self::AtLeast(least) => format!("≥ {least:.2}"),
            Self::Below => "< 1".to_owned(),
            Self::Plus(most) => format!("≤ {} more", unit.show(most)),
        }
    }

    /// Says what the comparison came to.
    pub fn show_compared(self, unit: Unit, compared: Spread) -> (String, String) {
        let show = |figure: f64| match self {
            Self::Plus(_) => unit.show(figure),
            Self::Times(_) | Self::AtLeast(_) | Self::Below => format!("{figure:.2}"),
        };
        (show(compared.median), format!("{} to {}", show(compared.low), show(compared.high)))
    }
}
