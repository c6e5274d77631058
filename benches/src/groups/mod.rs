//! The groups, in the order of the page.

mod asynchronous;
mod coalesce;
mod footprint;
mod miss;
mod numbers;
mod texts;
mod values;
mod zipf;

use std::time::Duration;

use crate::group::Known;

/// All groups.
pub const LIST: &[Known] = &[
    Known { name: "hit-u64", build: numbers::plain },
    Known { name: "hit-u64-2", build: numbers::plain_on_two },
    Known { name: "hit-ttl", build: numbers::ttl },
    Known { name: "hit-ttl-2", build: numbers::ttl_on_two },
    Known { name: "hit-text-16", build: texts::of_16 },
    Known { name: "hit-text-64", build: texts::of_64 },
    Known { name: "hit-pair", build: texts::pair },
    Known { name: "hit-pair-2", build: texts::pair_on_two },
    Known { name: "hit-five", build: values::five },
    Known { name: "hit-arc", build: values::shared },
    Known { name: "hit-vec", build: values::copied },
    Known { name: "hit-async", build: asynchronous::one },
    Known { name: "hit-async-2", build: asynchronous::on_two },
    Known { name: "zipf", build: zipf::time },
    Known { name: "zipf-rate", build: zipf::rate },
    Known { name: "miss", build: miss::number },
    Known { name: "coalesce-tasks", build: coalesce::tasks_of_one_key },
    Known { name: "coalesce-threads", build: coalesce::threads_of_one_key },
    Known { name: "footprint", build: footprint::number },
];

/// The most entries of each cache in memory: dcache's default.
const CAPACITY: u64 = 10_000;

/// How many keys are asked for where every call is a hit.
const HITS: u32 = 1024;

/// The time to live of values that have one.
const TTL: Duration = Duration::from_secs(3600);
