//! Units, and how figures spread.

use serde::{Deserialize, Serialize};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Nanoseconds for each piece of work.
    Time,
    /// Pieces of work in a second.
    PerSecond,
    /// Bytes.
    Bytes,
    /// A share, from 0 to 1.
    Share,
    /// Things.
    Count,
}

impl Unit {
    /// Returns whether more of it is better.
    pub fn is_better_when_more(self) -> bool {
        matches!(self, Self::PerSecond | Self::Share)
    }

    /// Writes a figure with three digits that count.
    pub fn show(self, figure: f64) -> String {
        let scaled = |figure: f64, steps: &[(f64, &str)]| {
            let (size, name) = steps.iter().rfind(|(size, _)| figure.abs() >= *size).unwrap_or(&steps[0]);
            format!("{} {name}", three(figure / size))
        };
        match self {
            Self::Time => scaled(figure, &[(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")]),
            Self::PerSecond => scaled(figure, &[(1.0, "/s"), (1e3, "k/s"), (1e6, "M/s")]),
            Self::Bytes => scaled(figure, &[(1.0, "B"), (1024.0, "KiB"), (1024.0 * 1024.0, "MiB")]),
            Self::Share => format!("{:.2} %", figure * 100.0),
            Self::Count => format!("{figure:.0}"),
        }
    }
}

/// Writes a number with three digits that count, at most two of them behind the point.
fn three(number: f64) -> String {
    match number.abs() {
        size if size >= 99.95 => format!("{number:.0}"),
        size if size >= 9.995 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// The median of figures, and the quartiles around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    /// Takes the quartiles of at least one figure.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = figures.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| sorted[(sorted.len() - 1) * quarter / 4];
        Self { low: at(1), median: at(2), high: at(3) }
    }
}
