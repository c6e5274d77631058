//! Taking turns, and what came out.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::contender::{Contender, Work};
use crate::figure::{Spread, Unit};
use crate::group::{Group, Limit};
use crate::machine::Machine;

/// How thoroughly is measured.
pub struct Plan {
    pub quick: bool,
}

impl Plan {
    /// Returns how many rounds are made of so many.
    pub fn rounds(&self, full: usize) -> usize {
        if self.quick { full.div_ceil(6).max(3).min(full) } else { full }
    }
}

/// What came out of a group.
#[derive(Serialize, Deserialize)]
pub struct Outcome {
    pub name: String,
    pub title: String,
    pub about: String,
    pub unit: Unit,
    pub rounds: usize,
    pub machine: Machine,
    pub rows: Vec<Row>,
    pub checks: Vec<Check>,
}

/// What came out for a contender.
#[derive(Serialize, Deserialize)]
pub struct Row {
    pub name: String,
    pub figure: Spread,
    /// Over the group's first contender, round by round.
    pub ratio: Spread,
    pub remark: String,
}

/// What came out for a bound.
#[derive(Serialize, Deserialize)]
pub struct Check {
    pub of: String,
    pub over: String,
    pub limit: Limit,
    pub compared: Spread,
    pub holds: bool,
}

/// Measures a group.
pub fn run(name: &str, group: Group, plan: &Plan) -> Outcome {
    let machine = Machine::now();
    let slice = Duration::from_millis(group.slice_ms);
    let rounds = plan.rounds(group.rounds);
    let mut runners: Vec<Runner> =
        group.contenders.into_iter().map(|contender| Runner::new(contender, slice)).collect();
    let mut order: Vec<usize> = (0..runners.len()).collect();
    let mut random = SmallRng::seed_from_u64(99);
    for _ in 0..rounds {
        order.shuffle(&mut random);
        for &index in &order {
            runners[index].round();
        }
    }
    let samples = |name: &str| {
        let runner = runners.iter().find(|runner| runner.contender.name == name);
        &runner.unwrap_or_else(|| panic!("a bound names `{name}`, which is no contender")).samples
    };
    let compared = |of: &[f64], over: &[f64], limit: Limit| {
        Spread::of(of.iter().zip(over).map(|(&figure, &other)| limit.compare(figure, other)))
    };
    let row = |runner: &Runner| Row {
        name: runner.contender.name.clone(),
        figure: Spread::of(runner.samples.iter().copied()),
        ratio: compared(&runner.samples, &runners[0].samples, Limit::Below),
        remark: runner.contender.remark.as_ref().map(|remark| remark()).unwrap_or_default(),
    };
    let checks = group.bounds.iter().map(|bound| {
        let compared = compared(samples(bound.of), samples(bound.over), bound.limit);
        Check {
            of: bound.of.to_owned(),
            over: bound.over.to_owned(),
            limit: bound.limit,
            compared,
            holds: bound.limit.holds(compared.median),
        }
    });
    Outcome {
        name: name.to_owned(),
        title: group.title.to_owned(),
        about: group.about,
        unit: group.unit,
        rounds,
        machine,
        rows: runners.iter().map(row).collect(),
        checks: checks.collect(),
    }
}

/// A contender that takes its turns.
struct Runner {
    contender: Contender,
    /// How often it does its work in a round.
    count: u64,
    samples: Vec<f64>,
}

impl Runner {
    /// Finds out how often a contender does its work in a slice, which also warms it up.
    fn new(mut contender: Contender, slice: Duration) -> Self {
        let mut count = 1;
        if let Work::Timed(run) = &mut contender.work {
            loop {
                // of two, as the slower was disturbed
                let took = run(count).min(run(count));
                if took >= slice / 2 {
                    let fitting = count as f64 * slice.as_secs_f64() / took.as_secs_f64();
                    count = (fitting as u64).max(1);
                    break;
                }
                count *= 2;
            }
        }
        Self { contender, count, samples: Vec::new() }
    }

    fn round(&mut self) {
        self.samples.push(match &mut self.contender.work {
            Work::Timed(run) => {
                run(self.count.div_ceil(16)); // fetches what the others have pushed out of the processor's caches
                run(self.count).as_nanos() as f64 / self.count as f64
            }
            Work::Figure(take) => take(),
        });
    }
}
