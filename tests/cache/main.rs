//! The protocol of a call, on `Cache` itself: the attribute is sugar over it.

mod chain;
mod change;
mod clock;
mod coalesce;
mod detach;
mod entries;
mod errors;
mod late;
mod load;
mod lost;
mod races;
mod refresh;
mod runtimes;
mod seal;
mod shared;
mod stale;
mod storm;
mod time;
mod ways;
