//! Lengths of time as users give them: fixed or asked for, and parts of a time to live.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A length of time: a fixed one, or one that is asked for each time a value is stored or read.
///
/// ```
/// use std::time::Duration;
/// use dcache::Length;
///
/// let fixed = Length::from(Duration::from_secs(60));
/// let asked = Length::from(|| Duration::from_secs(if cfg!(debug_assertions) { 1 } else { 60 }));
/// # let _ = (fixed, asked);
/// ```
#[derive(Clone)]
pub struct Length(Timed);

#[derive(Clone)]
enum Timed {
    Fixed(Duration),
    Asked(Arc<dyn Fn() -> Duration + Send + Sync>),
}

impl Length {
    pub(crate) fn get(&self) -> Duration {
        match &self.0 {
            Timed::Fixed(length) => *length,
            Timed::Asked(length) => length(),
        }
    }
}

impl From<Duration> for Length {
    fn from(length: Duration) -> Self {
        Self(Timed::Fixed(length))
    }
}

impl<F: Fn() -> Duration + Send + Sync + 'static> From<F> for Length {
    fn from(length: F) -> Self {
        Self(Timed::Asked(Arc::new(length)))
    }
}

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Timed::Fixed(length) => length.fmt(f),
            Timed::Asked(_) => f.write_str("asked for"),
        }
    }
}

/// A part of a time to live: a length of time, or a fraction from 0 to 1.
///
/// ```
/// use std::time::Duration;
/// use dcache::Portion;
///
/// let a_tenth = Portion::from(0.1);
/// let a_minute = Portion::from(Duration::from_secs(60));
/// # let _ = (a_tenth, a_minute);
/// ```
#[derive(Clone, Debug)]
pub struct Portion(Part);

#[derive(Clone, Debug)]
enum Part {
    Length(Length),
    Fraction(f64),
}

impl Portion {
    /// Returns this part of a whole: never more than the whole.
    pub(crate) fn of(&self, whole: Duration) -> Duration {
        match &self.0 {
            Part::Length(length) => length.get().min(whole),
            // `clamp` lets through what is no number
            Part::Fraction(fraction) if fraction.is_nan() => Duration::ZERO,
            Part::Fraction(fraction) => {
                let part = whole.as_secs_f64() * fraction.clamp(0.0, 1.0);
                // rounding may lead out of what a duration can be
                Duration::try_from_secs_f64(part).map_or(whole, |part| part.min(whole))
            }
        }
    }
}

impl<T: Into<Length>> From<T> for Portion {
    fn from(length: T) -> Self {
        Self(Part::Length(length.into()))
    }
}

impl From<f64> for Portion {
    fn from(fraction: f64) -> Self {
        Self(Part::Fraction(fraction))
    }
}
