//! The kinds of faults, their rates, and which fault comes next.

use std::time::Duration;

use dcache_backends::{ErrorKind, Operation};

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Delay,
    Hang,
    Lost,
    Truncated,
    Flipped,
    Swapped,
    Late,
}

impl Kind {
    pub(super) const ALL: [Self; 8] = [
        Self::Error,
        Self::Delay,
        Self::Hang,
        Self::Lost,
        Self::Truncated,
        Self::Flipped,
        Self::Swapped,
        Self::Late,
    ];

    /// Tells whether it can happen to this operation.
    fn befalls(self, operation: Operation) -> bool {
        match self {
            Self::Error | Self::Delay | Self::Hang => true,
            Self::Lost | Self::Late => operation == Operation::Set,
            Self::Truncated | Self::Flipped => matches!(operation, Operation::Get | Operation::Set),
            Self::Swapped => operation == Operation::Get,
        }
    }
}

/// How often what happens.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates {
    shares: [f64; Kind::ALL.len()],
    pub(super) longest_delay: Duration,
    pub(super) lateness: Duration,
}

impl Rates {
    /// Sets the share of the operations that have this fault.
    ///
    /// # Errors
    /// Says what is wrong with it; it is not set then.
    pub(super) fn set(&mut self, kind: Kind, rate: f64) -> Result<(), String> {
        if !(0.0..=1.0).contains(&rate) {
            return Err(format!("a rate of chaos is a share of operations, from 0 to 1, and this is {rate}"));
        }
        let former = std::mem::replace(&mut self.shares[kind as usize], rate);
        let sum = [Operation::Get, Operation::Set].map(|operation| self.sum(operation));
        if sum.iter().any(|sum| *sum > 1.0 + 1e-9) {
            self.shares[kind as usize] = former;
            return Err("an operation has one fault at most: the rates of chaos add up to more than 1".into());
        }
        Ok(())
    }

    fn sum(&self, operation: Operation) -> f64 {
        Kind::ALL.iter().filter(|kind| kind.befalls(operation)).map(|kind| self.shares[*kind as usize]).sum()
    }
}

/// What happens to an operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    Nothing,
    /// It fails.
    Error(ErrorKind, Moment),
    /// It takes so much longer.
    Delay(Duration, Moment),
    /// It never answers.
    Hang(Moment),
    /// It is acknowledged, and nothing is there.
    Lost,
    /// This share of the entry is left.
    Truncated(f64),
    /// The bit at this share of the entry is wrong.
    Flipped(f64),
    /// The answer is the entry at this share of those that there are.
    Swapped(f64),
    /// It never answers, and is carried out so much later.
    Late(Duration),
}

/// When a fault comes: before the operation is carried out, or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

/// An operation, as far as its fault depends on it.
#[derive(Clone, Copy)]
pub(super) struct Turn<'t> {
    pub(super) tier: &'t str,
    pub(super) operation: Operation,
    /// The digest of its key, or of its scope.
    pub(super) digest: &'t [u8; 32],
    /// How many such operations came before on this key.
    pub(super) number: u64,
}

/// Tells what happens to an operation; the same whenever it is asked.
pub(super) fn fault(seed: u64, rates: &Rates, turn: Turn<'_>) -> Fault {
    let mut dice = Dice::new(seed, turn);
    let mut left = dice.share();
    let befalling = Kind::ALL.into_iter().filter(|kind| kind.befalls(turn.operation));
    for kind in befalling {
        let share = rates.shares[kind as usize];
        if left < share {
            return of_kind(kind, rates, turn.operation, &mut dice);
        }
        left -= share;
    }
    Fault::Nothing
}

fn of_kind(kind: Kind, rates: &Rates, operation: Operation, dice: &mut Dice) -> Fault {
    let moment = if dice.share() < 0.5 { Moment::Before } else { Moment::After };
    let share = dice.share();
    match kind {
        Kind::Error => {
            let kinds = error_kinds(operation);
            Fault::Error(kinds[(share * kinds.len() as f64) as usize], moment)
        }
        Kind::Delay => Fault::Delay(rates.longest_delay.mul_f64(share), moment),
        Kind::Hang => Fault::Hang(moment),
        Kind::Lost => Fault::Lost,
        Kind::Truncated => Fault::Truncated(share),
        Kind::Flipped => Fault::Flipped(share),
        Kind::Swapped => Fault::Swapped(share),
        Kind::Late => Fault::Late(rates.lateness),
    }
}

/// Returns the kinds of errors that a tier may return from this.
fn error_kinds(operation: Operation) -> &'static [ErrorKind] {
    use ErrorKind::{Denied, Full, Other, Protocol, ReadOnly, Timeout, TooLarge, Unavailable};
    match operation {
        Operation::Get => &[Unavailable, Timeout, Denied, Protocol, Other, TooLarge],
        Operation::Set => &[Unavailable, Timeout, Denied, Protocol, Other, TooLarge, Full, ReadOnly],
        Operation::Remove | Operation::Clear => &[Unavailable, Timeout, Denied, Protocol, Other, ReadOnly],
        _ => &[Unavailable, Timeout, Denied, Protocol, Other],
    }
}

/// Random numbers that depend on nothing but the seed and the operation.
struct Dice(blake3::OutputReader);

impl Dice {
    fn new(seed: u64, turn: Turn<'_>) -> Self {
        let mut hasher = blake3::Hasher::new();
        // the tier's name comes last, as it alone has no fixed length
        hasher.update(&seed.to_le_bytes()).update(&[turn.operation as u8]).update(turn.digest);
        hasher.update(&turn.number.to_le_bytes()).update(turn.tier.as_bytes());
        Self(hasher.finalize_xof())
    }

    /// Returns a number from 0 to 1, without 1.
    fn share(&mut self) -> f64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: [u8; 32] = [7; 32];

    fn turn(operation: Operation, number: u64) -> Turn<'static> {
        Turn { tier: "shelf", operation, digest: &DIGEST, number }
    }

    fn rates(each: f64) -> Rates {
        let mut rates = Rates { longest_delay: Duration::from_millis(8), ..Rates::default() };
        Kind::ALL.iter().for_each(|kind| rates.set(*kind, each).unwrap());
        rates
    }

    #[test]
    fn faults_depend_on_the_seed_and_the_operation_alone() {
        let rates = rates(0.1);
        let faults = |seed, tier, operation, digest: [u8; 32]| -> Vec<Fault> {
            (0..100)
                .map(|number| fault(seed, &rates, Turn { tier, operation, digest: &digest, number }))
                .collect()
        };
        let once = faults(1, "shelf", Operation::Get, DIGEST);
        assert_eq!(faults(1, "shelf", Operation::Get, DIGEST), once);
        for other in [
            faults(2, "shelf", Operation::Get, DIGEST),
            faults(1, "other", Operation::Get, DIGEST),
            faults(1, "shelf", Operation::Set, DIGEST),
            faults(1, "shelf", Operation::Get, [8; 32]),
        ] {
            assert_ne!(other, once);
        }
    }

    #[test]
    fn rates_are_shares_of_the_operations_that_can_have_the_fault() {
        let rates = rates(0.1);
        let shares = |operation, kinds: f64| {
            let faults = (0..20_000).map(|number| fault(7, &rates, turn(operation, number)));
            let share = faults.filter(|fault| *fault != Fault::Nothing).count() as f64 / 20_000.0;
            assert!((share - 0.1 * kinds).abs() < 0.02, "{operation:?}: {share}");
        };
        shares(Operation::Get, 6.0);
        shares(Operation::Set, 7.0);
        shares(Operation::Remove, 3.0);
        shares(Operation::Clear, 3.0);
    }

    #[test]
    fn every_fault_comes_before_and_after_and_with_every_kind_of_error() {
        let rates = rates(0.1);
        let faults: Vec<_> =
            (0..5_000).map(|number| fault(7, &rates, turn(Operation::Set, number))).collect();
        for moment in [Moment::Before, Moment::After] {
            assert!(faults.contains(&Fault::Hang(moment)));
            for kind in error_kinds(Operation::Set) {
                assert!(faults.contains(&Fault::Error(*kind, moment)), "{kind:?} {moment:?}");
            }
        }
        let delays = faults.iter().filter_map(|fault| match fault {
            Fault::Delay(length, _) => Some(*length),
            _ => None,
        });
        assert!(delays.clone().all(|length| length < Duration::from_millis(8)));
        assert!(delays.clone().any(|length| length > Duration::from_millis(7)));
    }

    #[test]
    fn rates_that_are_no_shares_are_refused() {
        let mut rates = Rates::default();
        for rate in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(rates.set(Kind::Error, rate).unwrap_err().contains("from 0 to 1"));
        }
        rates.set(Kind::Error, 0.8).unwrap();
        assert!(rates.set(Kind::Hang, 0.3).unwrap_err().contains("more than 1"));
        rates.set(Kind::Lost, 0.2).unwrap();
        rates.set(Kind::Swapped, 0.2).unwrap(); // never at one with a lost write
    }
}
