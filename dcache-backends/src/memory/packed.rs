//! A slot as the map holds it: three words beside the value, where a [`Slot`] has six.

use super::Slot;
use crate::clock::Tick;

/// More than this does not fit.
pub(super) const MOST_WEIGHT: u64 = (1 << 24) - 1;

/// A value with the moments that bound its life, packed.
///
/// A hit reads `due` alone, so that is held as it is. The other moments come after it, each by a [`span`] that is
/// exact for whole seconds up to 18 hours, and rounded down by at most a 65 536th part, or a thousandth of a second.
#[derive(Clone)]
pub(super) struct Packed<V> {
    value: V,
    due: Tick,
    /// When it was created, in 40 bits of 2⁻⁸ seconds (the coarse clock is no finer); its weight in 24.
    origin: u64,
    /// From due to fresh, from there to stale, from there to kept: 21 bits each.
    spans: u64,
}

impl<V> Packed<V> {
    pub(super) fn of(slot: Slot<V>) -> Self {
        let Slot { value, created, due, fresh_until, stale_until, kept_until, weight } = slot;
        let origin = created.bits() & !MOST_WEIGHT | weight.min(MOST_WEIGHT);
        // from where each moment comes out, so that what is rounded off does not add up
        let to_fresh = span(due, fresh_until);
        let fresh = after(due, to_fresh);
        let to_stale = span(fresh, stale_until);
        let to_kept = span(after(fresh, to_stale), kept_until);
        let spans = to_fresh << (2 * span::BITS) | to_stale << span::BITS | to_kept;
        Self { value, due, origin, spans }
    }

    #[inline]
    pub(super) fn value(self) -> (V, Tick) {
        (self.value, self.due)
    }

    pub(super) fn unpack(self) -> Slot<V> {
        let nth = |n: u32| self.spans >> (n * span::BITS) & span::MASK;
        let fresh_until = after(self.due, nth(2));
        let stale_until = after(fresh_until, nth(1));
        let kept_until = after(stale_until, nth(0));
        let (created, weight) = (Tick::from_bits(self.origin & !MOST_WEIGHT), self.weight());
        Slot { value: self.value, created, due: self.due, fresh_until, stale_until, kept_until, weight }
    }

    pub(super) fn weight(&self) -> u64 {
        self.origin & MOST_WEIGHT
    }
}

/// Lengths of time as small floating-point numbers: 16 bits shifted by 5 bits, in units of 2⁻¹⁰ seconds.
mod span {
    pub(super) const BITS: u32 = 21;
    pub(super) const MASK: u64 = (1 << BITS) - 1;
    /// Without an end.
    pub(super) const ENDLESS: u64 = MASK;
    /// A tick has 2³² units a second.
    pub(super) const UNIT: u32 = 22;
    pub(super) const MANTISSA: u32 = 16;
}

fn span(from: Tick, until: Tick) -> u64 {
    if until == Tick::NEVER {
        return span::ENDLESS;
    }
    let units = until.bits().saturating_sub(from.bits()) >> span::UNIT;
    let shift = (u64::BITS - units.leading_zeros()).saturating_sub(span::MANTISSA);
    u64::from(shift) << span::MANTISSA | units >> shift
}

fn after(from: Tick, span: u64) -> Tick {
    if span == span::ENDLESS {
        return Tick::NEVER;
    }
    let (shift, mantissa) = (span >> span::MANTISSA, span & ((1 << span::MANTISSA) - 1));
    Tick::from_bits(from.bits().saturating_add(mantissa << shift << span::UNIT))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{self, LONGEST};

    const SECOND: u64 = 1 << 32;

    fn moments(slot: &Slot<()>) -> [u64; 4] {
        [slot.due, slot.fresh_until, slot.stale_until, slot.kept_until].map(Tick::bits)
    }

    fn slot(created: Tick, moments: [Tick; 4], weight: u64) -> Slot<()> {
        let [due, fresh_until, stale_until, kept_until] = moments;
        Slot { value: (), created, due, fresh_until, stale_until, kept_until, weight }
    }

    #[test]
    fn a_slot_takes_three_words_beside_the_value() {
        assert_eq!(size_of::<Packed<u64>>(), 4 * size_of::<u64>());
    }

    #[test]
    fn what_never_ends_and_whole_seconds_are_exact() {
        let created = clock::now();
        let endless = slot(created, [Tick::NEVER; 4], 1);
        assert_eq!(moments(&Packed::of(endless.clone()).unpack()), moments(&endless));
        let mut due = created;
        for seconds in [0, 1, 59, 3_600, 65_535, 24 * 3_600, 7 * 24 * 3_600, 30 * 24 * 3_600] {
            due = due.after(Duration::from_millis(1_234));
            let ends = [1, 2, 3].map(|n| due.after(Duration::from_secs(n * seconds)));
            let given = slot(created, [due, ends[0], ends[1], ends[2]], 77);
            let held = Packed::of(given.clone()).unpack();
            assert_eq!(moments(&held), moments(&given), "{seconds} s");
            assert_eq!(held.weight, 77);
        }
    }

    #[test]
    fn a_value_that_is_only_fresh_ends_at_one_moment() {
        let due = clock::now().after(Duration::from_nanos(123_456_789));
        let held = Packed::of(slot(clock::now(), [due; 4], 1)).unpack();
        assert_eq!(moments(&held), [due.bits(); 4]);
    }

    #[test]
    fn moments_are_never_later_and_hardly_earlier() {
        let mut state = 1u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((u128::from(state ^ (state >> 33)) * u128::from(below)) >> 64) as u64
        };
        for _ in 0..100_000 {
            let created = Tick::from_bits(random(1 << 60));
            let mut end = created;
            let ends = [(); 4].map(|()| {
                let digits = random(41); // as many short lives as long ones
                end =
                    end.after(Duration::from_millis(random(1 << digits).min(LONGEST.as_millis() as u64 / 4)));
                end
            });
            let given = slot(created, ends, random(2 * MOST_WEIGHT));
            let held = Packed::of(given.clone()).unpack();
            assert_eq!(held.due, given.due);
            assert_eq!(held.weight, given.weight.min(MOST_WEIGHT));
            assert!(created.bits() - held.created.bits() < SECOND / 256);
            for (held, given) in moments(&held).into_iter().zip(moments(&given)) {
                let slack = (given - ends[0].bits()) / 32_768 + 3 * (SECOND / 1_024);
                assert!(held <= given && given - held <= slack, "{given} became {held}");
            }
        }
    }
}
