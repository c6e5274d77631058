//! The order in which keys are asked for.

use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_distr::Zipf;

/// How often a sequence is drawn before it begins anew.
const DRAWS: usize = 1 << 20;

/// The order in which keys are asked for; the same in each run.
#[derive(Clone)]
pub enum Keys {
    /// 0, 1, 2, … and none ever again.
    New,
    /// A sequence that begins anew at its end; its length is a power of two.
    Sequence(Arc<[u32]>),
}

impl Keys {
    /// All numbers below `count`, a power of two, in a random order.
    pub fn shuffled(count: u32) -> Self {
        let mut sequence: Vec<u32> = (0..count).collect();
        sequence.shuffle(&mut random());
        Self::Sequence(sequence.into())
    }

    /// Numbers below `count`, of which the one of rank *r* comes in proportion to *r*^-`exponent`.
    pub fn zipf(count: u32, exponent: f64) -> Self {
        let zipf = Zipf::new(f64::from(count), exponent).expect("a count and an exponent above zero");
        let mut names: Vec<u32> = (0..count).collect();
        names.shuffle(&mut random()); // so that a rank says nothing about the number
        let draw = |rank: f64| names[rank as usize - 1];
        Self::Sequence(random().sample_iter(zipf).map(draw).take(DRAWS).collect())
    }

    /// Returns the key at a position.
    pub fn at(&self, position: u64) -> usize {
        match self {
            Self::New => position as usize,
            Self::Sequence(sequence) => {
                let mask = sequence.len() as u64 - 1;
                sequence[(position & mask) as usize] as usize
            }
        }
    }
}

fn random() -> SmallRng {
    SmallRng::seed_from_u64(99)
}
