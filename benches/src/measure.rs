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
#[derive(Default)]
pub struct Plan {
    pub quick: bool,
    /// How the names of contenders begin, for who profiles them; all where there is none.
    pub only: Vec<String>,
}

impl Plan {
    fn wants(&self, contender: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|start| contender.starts_with(start))
    }

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
    let contenders = group.contenders.into_iter().filter(|contender| plan.wants(&contender.name));
    let mut runners: Vec<Runner> = contenders.map(|contender| Runner::new(contender, slice)).collect();
    let mut order: Vec<usize> = (0..runners.len()).collect();
    let mut random = SmallRng::seed_from_u64(99);
    for _ in 0..rounds {
        order.shuffle(&mut random);
        for &index in &order {
            runners[index].round();
        }
    }
    let find = |name: &str| {
        let runner = runners.iter().find(|runner| runner.contender.name == name);
        runner.unwrap_or_else(|| panic!("a bound names `{name}`, which is no contender"))
    };
    let row = |runner: &Runner| Row {
        name: runner.contender.name.clone(),
        figure: spread(runner.samples.iter().map(|sample| (sample.figure, sample.is_calm))),
        ratio: compared(runner, &runners[0], Limit::Below),
        remark: runner.remark(),
    };
    let bounds = group.bounds.iter().filter(|bound| plan.wants(bound.of) && plan.wants(bound.over));
    let checks = bounds.map(|bound| {
        let compared = compared(find(bound.of), find(bound.over), bound.limit);
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
        title: group.title,
        about: group.about,
        unit: group.unit,
        rounds,
        machine,
        rows: runners.iter().map(row).collect(),
        checks: checks.collect(),
    }
}

/// Sets one contender's figures against another's, round by round.
fn compared(of: &Runner, over: &Runner, limit: Limit) -> Spread {
    spread(
        of.samples
            .iter()
            .zip(&over.samples)
            .map(|(own, other)| (limit.compare(own.figure, other.figure), own.is_calm && other.is_calm)),
    )
}

/// Spreads the figures of rounds that nothing disturbed; those of all rounds where they are fewer than a quarter.
fn spread(figures: impl Iterator<Item = (f64, bool)> + Clone) -> Spread {
    let calm = figures.clone().filter(|(_, is_calm)| *is_calm);
    let has_enough = calm.clone().count() * 4 >= figures.clone().count();
    let taken = |(figure, _)| figure;
    if has_enough { Spread::of(calm.map(taken)) } else { Spread::of(figures.map(taken)) }
}

/// A contender that takes its turns.
struct Runner {
    contender: Contender,
    /// How often it does its work in a round.
    count: u64,
    samples: Vec<Sample>,
}

/// What came out for a contender in one round.
struct Sample {
    figure: f64,
    is_calm: bool,
}

impl Runner {
    /// Finds out how often a contender does its work in a slice, which also warms it up.
    fn new(mut contender: Contender, slice: Duration) -> Self {
        let mut count = 1;
        if let Work::Timed(run) = &mut contender.work {
            loop {
                // of two, as the slower was disturbed
                let took = run(count).took.min(run(count).took);
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
        let sample = match &mut self.contender.work {
            Work::Timed(run) => {
                run(self.count.div_ceil(16)); // fetches what the others have pushed out of the processor's caches
                let timing = run(self.count);
                Sample { figure: timing.took.as_nanos() as f64 / self.count as f64, is_calm: timing.is_calm }
            }
            Work::Figure(take) => Sample { figure: take(), is_calm: true },
        };
        self.samples.push(sample);
    }

    fn remark(&self) -> String {
        let remark = self.contender.remark.as_ref().map(|remark| remark()).unwrap_or_default();
        let disturbed = self.samples.iter().filter(|sample| !sample.is_calm).count();
        match disturbed * 4 > self.samples.len() {
            true => format!("{remark} disturbed in {disturbed} rounds").trim().to_owned(),
            false => remark,
        }
    }
}
