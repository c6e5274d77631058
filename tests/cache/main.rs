//! The protocol of a call, on `Cache` itself: the attribute is sugar over it.

mod chain;
mod change;
mod coalesce;
mod detach;
mod entries;
mod races;
mod refresh;
mod runtimes;
mod stale;
mod time;
mod ways;
