//! Changes that did not reach a tier: they are carried out before what they change is read there again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use dcache_backends::clock::{self, Tick};
use dcache_backends::{Key, Scope};

use crate::log;
use crate::sync::Mutex;

/// So many keys of a function are remembered; beyond that all of its entries have to go.
const KEYS: usize = 10_000;
/// So much time lies between two attempts to carry out what was lost.
const PAUSE: Duration = Duration::from_secs(1);

/// What a change is of.
#[derive(Clone, Copy)]
pub(crate) enum Target<'t> {
    Key(&'t Key),
    /// All entries of a function.
    Scope(&'t Scope),
}

/// A change that has to be carried out.
#[derive(Clone)]
pub(crate) enum Debt {
    Key(Key),
    Scope(Scope),
}

/// The changes that one tier has not learnt of.
#[derive(Default)]
pub(crate) struct Lost {
    /// How many functions have lost changes; where there are none, nobody takes the lock.
    functions: AtomicUsize,
    /// Numbers the changes, so that an earlier one which succeeds is not taken for a later one which was lost.
    last: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    functions: HashMap<Scope, Debts>,
    is_being_paid: bool,
    /// When to try next.
    next: Option<Tick>,
}

/// What a tier has not learnt of one function: each change with its number.
#[derive(Default)]
struct Debts {
    keys: HashMap<Key, u64>,
    all: Option<u64>,
}

impl Lost {
    pub(crate) fn is_empty(&self) -> bool {
        self.functions.load(SeqCst) == 0
    }

    /// Begins a change, which is lost unless it is done; not where it `matters` to nobody whether it is.
    pub(crate) fn begin<'t>(&'t self, target: Target<'t>, matters: bool) -> Change<'t> {
        Change { lost: self, target, number: self.last.load(SeqCst), matters }
    }

    /// Returns what has to be done before a key is read.
    pub(crate) fn before(&self, key: &Key) -> Option<Debt> {
        if self.is_empty() {
            return None;
        }
        let state = self.state.lock();
        let debts = state.functions.get(key.scope())?;
        if debts.all.is_some() {
            return Some(Debt::Scope(key.scope().clone()));
        }
        debts.keys.contains_key(key).then(|| Debt::Key(key.clone()))
    }

    /// Returns how many changes of a function are lost; that of all its entries is one.
    pub(crate) fn count(&self, scope: &Scope) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let state = self.state.lock();
        state.functions.get(scope).map_or(0, |debts| debts.keys.len() as u64 + u64::from(debts.all.is_some()))
    }

    /// Takes it on to carry out what was lost, if it is time and nobody else does.
    pub(crate) fn take_on(&self) -> bool {
        let (mut state, now) = (self.state.lock(), clock::now());
        if state.functions.is_empty() || state.is_being_paid || state.next.is_some_and(|next| now < next) {
            return false;
        }
        state.is_being_paid = true;
        true
    }

    /// Ends what [`take_on`](Self::take_on) began.
    pub(crate) fn leave(&self) {
        let mut state = self.state.lock();
        state.is_being_paid = false;
        state.next = Some(clock::now().after(PAUSE));
    }

    /// Returns all that was lost.
    pub(crate) fn debts(&self) -> Vec<Debt> {
        let state = self.state.lock();
        let of = |(scope, debts): (&Scope, &Debts)| {
            let all = debts.all.map(|_| Debt::Scope(scope.clone()));
            all.into_iter().chain(debts.keys.keys().cloned().map(Debt::Key)).collect::<Vec<_>>()
        };
        state.functions.iter().flat_map(of).collect()
    }

    fn add(&self, target: Target<'_>) {
        let number = self.last.fetch_add(1, SeqCst) + 1;
        let mut state = self.state.lock();
        let scope = target.scope();
        let is_first = !state.functions.contains_key(scope);
        let debts = state.functions.entry(scope.clone()).or_default();
        let had_all = debts.all.is_some();
        match target {
            Target::Key(key) if debts.keys.len() < KEYS || debts.keys.contains_key(key) => {
                debts.keys.insert(key.clone(), number);
            }
            Target::Key(_) | Target::Scope(_) => {
                debts.keys.clear(); // all of them are among all
                debts.all = Some(number);
            }
        }
        let overflows = debts.all.is_some() && !had_all && matches!(target, Target::Key(_));
        self.functions.store(state.functions.len(), SeqCst);
        drop(state);
        let function = scope.function();
        if is_first {
            log::warn(format_args!(
                "a change of `{function}` did not reach a tier: it is carried out later, and what it changes is not \
                 read there before"
            ));
        }
        if overflows {
            log::warn(format_args!(
                "more than {KEYS} changes of `{function}` did not reach a tier: all of its entries will be removed there"
            ));
        }
    }

    /// Forgets what a change of this number or a later one has done.
    fn settle(&self, target: Target<'_>, number: u64) {
        if self.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        let Entry::Occupied(mut function) = state.functions.entry(target.scope().clone()) else { return };
        let debts = function.get_mut();
        match target {
            Target::Key(key) => {
                if debts.keys.get(key).is_some_and(|lost| *lost <= number) {
                    debts.keys.remove(key);
                }
            }
            Target::Scope(_) => {
                debts.keys.retain(|_, lost| *lost > number);
                debts.all = debts.all.filter(|lost| *lost > number);
            }
        }
        let is_last = debts.keys.is_empty() && debts.all.is_none();
        if is_last {
            function.remove();
        }
        self.functions.store(state.functions.len(), SeqCst);
        drop(state);
        if is_last {
            let function = target.scope().function();
            log::info(format_args!(
                "all changes of `{function}` that had not reached a tier are carried out"
            ));
        }
    }
}

impl Target<'_> {
    fn scope(&self) -> &Scope {
        match self {
            Self::Key(key) => key.scope(),
            Self::Scope(scope) => scope,
        }
    }
}

impl Debt {
    pub(crate) fn target(&self) -> Target<'_> {
        match self {
            Self::Key(key) => Target::Key(key),
            Self::Scope(scope) => Target::Scope(scope),
        }
    }
}

/// A change that is under way. Dropped before it is done, because the tier failed or nobody waits any more, it is lost.
#[must_use = "a change that is dropped is lost"]
pub(crate) struct Change<'t> {
    lost: &'t Lost,
    target: Target<'t>,
    number: u64,
    matters: bool,
}

impl Change<'_> {
    /// The tier has it now, and with it all that was lost of the same before it began.
    pub(crate) fn done(mut self) {
        self.matters = false;
        self.lost.settle(self.target, self.number);
    }
}

impl Drop for Change<'_> {
    fn drop(&mut self) {
        if self.matters {
            self.lost.add(self.target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope::new("n", "f")
    }

    fn key(id: impl ToString) -> Key {
        Key::new(&scope(), &id.to_string())
    }

    fn lose(lost: &Lost, target: Target<'_>) {
        drop(lost.begin(target, true));
    }

    #[test]
    fn what_was_lost_waits_until_it_is_done() {
        let (lost, one, other) = (Lost::default(), key(1), key(2));
        assert!(lost.is_empty() && lost.before(&one).is_none());
        lose(&lost, Target::Key(&one));
        assert!(matches!(lost.before(&one), Some(Debt::Key(key)) if key == one));
        assert!(lost.before(&other).is_none());
        assert_eq!(lost.count(&scope()), 1);
        lost.begin(Target::Key(&one), true).done();
        assert!(lost.is_empty() && lost.before(&one).is_none());
    }

    #[test]
    fn a_write_that_nobody_needs_is_not_lost_but_its_success_counts() {
        let (lost, key) = (Lost::default(), key(1));
        drop(lost.begin(Target::Key(&key), false));
        assert!(lost.is_empty());
        lose(&lost, Target::Key(&key));
        lost.begin(Target::Key(&key), false).done();
        assert!(lost.is_empty());
    }

    #[test]
    fn an_earlier_change_that_succeeds_late_is_not_a_later_one() {
        let (lost, key) = (Lost::default(), key(1));
        let (earlier, of_all) =
            (lost.begin(Target::Key(&key), true), lost.begin(Target::Scope(key.scope()), true));
        lose(&lost, Target::Key(&key));
        earlier.done();
        of_all.done();
        assert!(lost.before(&key).is_some());
    }

    #[test]
    fn beyond_so_many_keys_it_is_the_whole_function() {
        let lost = Lost::default();
        (0..KEYS).for_each(|n| lose(&lost, Target::Key(&key(n))));
        lose(&lost, Target::Key(&key(0)));
        assert_eq!(lost.count(&scope()), KEYS as u64);
        assert!(lost.before(&key("never changed")).is_none());
        lose(&lost, Target::Key(&key(KEYS)));
        assert_eq!(lost.count(&scope()), 1);
        assert!(matches!(lost.before(&key("never changed")), Some(Debt::Scope(_))));
        assert!(lost.before(&Key::new(&Scope::new("n", "g"), "0")).is_none());
        lost.begin(Target::Key(&key(0)), true).done();
        assert!(lost.before(&key(0)).is_some(), "one key is not all");
        lost.begin(Target::Scope(&scope()), true).done();
        assert!(lost.is_empty());
    }

    #[cfg(feature = "testing")]
    #[test]
    fn one_at_a_time_carries_them_out_and_not_all_the_time() {
        let (lost, key) = (Lost::default(), key(1));
        assert!(!lost.take_on(), "there is nothing to do");
        lose(&lost, Target::Key(&key));
        assert!(lost.take_on() && !lost.take_on());
        assert_eq!(lost.debts().len(), 1);
        lost.leave();
        assert!(!lost.take_on());
        clock::advance(PAUSE);
        assert!(lost.take_on());
    }
}
