//! Models of the races that flights are there for: each a few threads, and what is true whatever their order.
//!
//! | file | holds |
//! |---|---|
//! | `stage.rs` | what all models play on: a cache, what its bodies compute from, a tier |
//! | `lead.rs` | leading, waiting, handing over, failing |
//! | `change.rs` | a change of a key wins over what is under way |
//! | `older.rs` | older values, their refreshes, and failures that are remembered |
//! | `errand.rs` | work that goes on without who waits for it |

mod change;
mod errand;
mod lead;
mod older;
mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::threads;

/// What is true whatever the order of a few threads.
pub struct Model {
    /// It, in words.
    pub name: &'static str,
    /// So many times at most a thread is stopped where it could go on, where all orders are too many.
    pub preemptions: Option<usize>,
    run: fn(),
}

impl Model {
    /// Runs its threads in many orders, and returns in how many; panics where one breaks the model.
    pub fn check(&self) -> u32 {
        let tried = Arc::new(AtomicU32::new(0));
        let (run, count) = (self.run, tried.clone());
        threads::check(self.preemptions, move || {
            count.fetch_add(1, Relaxed);
            run();
        });
        tried.load(Relaxed)
    }
}

macro_rules! models {
    ($($file:ident::$name:ident $(up to $preemptions:literal)?;)*) => {
        &[$(Model {
            name: stringify!($name),
            preemptions: { let _most: Option<usize> = None; $(let _most = Some($preemptions);)? _most },
            run: $file::$name,
        }),*]
    };
}

/// All models. Of those that say `up to` loom tries the orders with so many preemptions, as all would take minutes;
/// `LOOM_MAX_PREEMPTIONS` says otherwise.
pub const ALL: &[Model] = models! {
    lead::callers_of_one_key_run_one_body;
    lead::a_waiter_takes_over_from_a_leader_that_is_dropped;
    lead::whoever_leaves_hands_over;
    lead::an_error_that_can_be_shared_is_everyones;
    lead::other_errors_let_waiters_lead_in_groups up to 2;
    lead::a_group_is_over_when_all_of_it_have_led up to 2;
    change::an_invalidation_wins_over_two_leaders_and_a_waiter up to 3;
    change::an_invalidation_wins_over_a_leader_a_waiter_and_calls up to 2;
    change::an_invalidation_wins_over_a_fill up to 4;
    change::a_put_wins_over_a_fill;
    change::a_refresh_wins_over_a_fill;
    change::a_clear_wins_over_a_fill up to 4;
    change::an_invalidation_wins_over_writes up to 3;
    change::a_put_wins_over_writes;
    change::a_refresh_wins_over_writes up to 3;
    change::a_clear_wins_over_writes up to 3;
    change::an_invalidation_wins_over_writes_in_the_background up to 3;
    change::a_put_wins_over_writes_in_the_background;
    change::a_clear_wins_over_writes_in_the_background up to 3;
    change::an_invalidation_wins_over_what_is_below up to 3;
    change::a_clear_wins_over_what_is_below up to 3;
    older::a_stale_value_is_everyones_and_refreshed_once;
    older::an_invalidation_wins_over_a_refresh_in_the_background;
    older::an_invalidation_forgets_a_failure_under_way;
    older::an_invalidation_forgets_a_refresh_that_is_given_up;
    older::an_invalidation_forgets_an_error_under_way;
    older::an_older_value_from_below_is_lent_but_not_after_an_invalidation up to 4;
    errand::an_errand_that_is_dropped_is_done_by_who_waits;
    errand::the_result_of_an_errand_wakes_who_waits;
};
