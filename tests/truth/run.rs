//! Many callers in many rounds, and what they found.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::process::exit;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use dcache::testing;
use futures::FutureExt;
use tokio::runtime::Runtime;

use crate::model::{Bomb, mix};
use crate::world::{KEYS, LONG, Op, World};

/// So many threads, and as many tasks, call at a time.
const CALLERS: u64 = 3;

/// So many calls each of them makes in a round.
const CALLS: u64 = 100;

/// So many rounds one cache is called, before it is another's turn.
const STAY: u64 = 8;

/// After so many violations nothing more is to be learnt.
const ENOUGH: usize = 100;

/// What was found.
#[derive(Default)]
pub(crate) struct Findings {
    calls: AtomicU64,
    given_up: AtomicU64,
    changes: AtomicU64,
    longest: AtomicU64,
    violations: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

/// Makes at least so many calls, in rounds of one cache after the other, and prints what came of it.
pub(crate) fn run(worlds: &[Arc<World>], seed: u64, calls: u64) -> Vec<String> {
    let (start, findings) = (Instant::now(), Arc::new(Findings::default()));
    let runtime = Runtime::new().expect("a runtime");
    watch(&findings, seed);
    for round in 0.. {
        let world = &worlds[(round / STAY % worlds.len() as u64) as usize];
        one_round(&Round { world: world.clone(), findings: findings.clone(), seed, round }, &runtime);
        let found = findings.violations.lock().unwrap_or_else(PoisonError::into_inner).len();
        let waits_in_vain = findings.longest.load(SeqCst) >= LONG.as_micros() as u64;
        if findings.calls.load(SeqCst) >= calls || found >= ENOUGH || waits_in_vain {
            break;
        }
    }
    findings.is_over.store(true, SeqCst);
    println!("{}", Figures { worlds, seed, findings: &findings, took: start.elapsed() });
    let mut violations = findings.violations.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut *violations)
}

/// Ends the process where callers wait for what never comes.
fn watch(findings: &Arc<Findings>, seed: u64) {
    let findings = findings.clone();
    thread::spawn(move || {
        let mut before = u64::MAX;
        while !findings.is_over.load(SeqCst) {
            let calls = findings.calls.load(SeqCst);
            if calls == before {
                eprintln!("no call has ended for {:?}, at call {calls} of the seed {seed}", 4 * LONG);
                exit(101);
            }
            before = calls;
            for _ in 0..400 {
                thread::sleep(LONG / 100);
                if findings.is_over.load(SeqCst) {
                    return;
                }
            }
        }
    });
}

#[derive(Clone)]
struct Round {
    world: Arc<World>,
    findings: Arc<Findings>,
    seed: u64,
    round: u64,
}

/// All callers call one cache; then nothing is under way, and time passes.
fn one_round(round: &Round, runtime: &Runtime) {
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| {
            runtime.spawn({
                let round = round.clone();
                async move { round.call_async(CALLERS + caller).await }
            })
        })
        .collect();
    let threads: Vec<_> = (0..CALLERS)
        .map(|caller| {
            thread::spawn({
                let round = round.clone();
                move || round.call(caller)
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("callers do not panic"));
    tasks.into_iter().for_each(|task| runtime.block_on(task).expect("callers do not panic"));
    dcache::drain_blocking();
    round.world.model.end_round();
    let lot = round.lot(u64::MAX, 0);
    testing::advance(Duration::from_secs(match lot % 8 {
        0..3 => 0,
        3..5 => 10,
        5..7 => 35,
        _ => [50, 80, 130, 200][(lot >> 8) as usize % 4],
    }));
}

impl Round {
    /// Returns a number that is random, and the same in each run from the seed.
    fn lot(&self, caller: u64, call: u64) -> u64 {
        mix(mix(mix(self.seed ^ self.round) ^ caller) ^ call)
    }

    /// Returns what a call is to ask, of which key, and whether time passes before it.
    fn draw(&self, caller: u64, call: u64) -> (Op, u32) {
        let lot = self.lot(caller, call);
        // in every other round time passes while calls are under way
        let passes = self.lot(u64::MAX, 1).is_multiple_of(2) && caller == 0 && call == CALLS / 2;
        if passes {
            testing::advance(Duration::from_secs([6, 25, 70][(lot >> 56) as usize % 3]));
        }
        let op = match lot % 10_000 {
            0..7_800 if (lot >> 16).is_multiple_of(3) => Op::Away,
            0..7_800 => Op::Call,
            7_800..8_000 => Op::Refresh,
            8_000..8_500 => Op::Look,
            8_500..9_000 => Op::Entry,
            9_000..9_500 => Op::Put,
            9_500..9_995 => Op::Invalidate,
            _ => Op::Clear,
        };
        // three keys in four are of a few that all callers want
        let (any, hot) = ((lot >> 20) % u64::from(KEYS), (self.round + (lot >> 20) % 3) % u64::from(KEYS));
        (op, if (lot >> 40).is_multiple_of(4) { any } else { hot } as u32)
    }

    fn call(&self, caller: u64) {
        for call in 0..CALLS {
            let (op, key) = self.draw(caller, call);
            let start = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| self.world.ask(op, key)));
            self.count(op, start, outcome);
        }
    }

    async fn call_async(&self, caller: u64) {
        for call in 0..CALLS {
            let (op, key) = self.draw(caller, call);
            let lot = self.lot(caller, call + CALLS);
            let start = Instant::now();
            let answer = AssertUnwindSafe(self.world.ask_async(op, key)).catch_unwind();
            let answer = async {
                match op {
                    // a tier that hangs may take a minute to clear, for it has many keys to walk through
                    Op::Clear => tokio::time::timeout(LONG / 300, answer).await.ok(),
                    _ => Some(answer.await),
                }
            };
            let polls = if lot.is_multiple_of(16) { (lot >> 8) % 6 } else { u64::MAX };
            match within(polls, answer).await.flatten() {
                Some(outcome) => self.count(op, start, outcome),
                None => drop(self.findings.given_up.fetch_add(1, SeqCst)),
            }
        }
    }

    fn count(&self, op: Op, start: Instant, outcome: Result<Result<(), String>, Box<dyn Any + Send>>) {
        let (findings, took) = (&self.findings, start.elapsed());
        findings.calls.fetch_add(1, SeqCst);
        findings.longest.fetch_max(took.as_micros() as u64, SeqCst);
        if matches!(op, Op::Put | Op::Invalidate | Op::Clear) {
            findings.changes.fetch_add(1, SeqCst);
        }
        let wrong = match outcome {
            Ok(Ok(())) if took < LONG => return,
            Ok(Ok(())) => format!("it took {took:?}"),
            Ok(Err(wrong)) => wrong,
            Err(panic) if panic.is::<Bomb>() => return,
            Err(panic) => format!("a panic: {:?}", panic.downcast_ref::<String>()),
        };
        let wrong = format!("round {}, `{}`, {op:?}: {wrong}", self.round, self.world.name);
        findings.violations.lock().unwrap_or_else(PoisonError::into_inner).push(wrong);
    }
}

/// Polls a future, but not more often than this.
async fn within<T>(polls: u64, future: impl Future<Output = T>) -> Option<T> {
    let (mut left, mut future) = (polls, pin!(future));
    std::future::poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        let poll = future.as_mut().poll(cx).map(Some);
        if left == 0 && poll.is_pending() { Poll::Ready(None) } else { poll }
    })
    .await
}

/// What is told of a run.
struct Figures<'f> {
    worlds: &'f [Arc<World>],
    seed: u64,
    findings: &'f Findings,
    took: Duration,
}

impl fmt::Display for Figures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let load = |counter: &AtomicU64| counter.load(SeqCst);
        let found = self.findings;
        let violations = found.violations.lock().unwrap_or_else(PoisonError::into_inner).len();
        writeln!(
            f,
            "seed {}: {} calls in {:.1?}, {} of them changes; {} more were given up; {} violations; the longest took {:.1?}",
            self.seed,
            load(&found.calls),
            self.took,
            load(&found.changes),
            load(&found.given_up),
            violations,
            Duration::from_micros(load(&found.longest)),
        )?;
        for world in self.worlds {
            let stats = world.stats();
            write!(
                f,
                "{:>18}: {} bodies, {} coalesced, {} stale; hits",
                world.name,
                load(&world.model.bodies),
                stats.coalesced,
                stats.stale
            )?;
            for tier in &stats.tiers {
                write!(f, ", {} {}", tier.name, tier.hits)?;
            }
            writeln!(f)?;
        }
        let (chaos, mut told): (_, Vec<u64>) = (self.worlds.iter().map(|world| &world.chaos), Vec::new());
        for chaos in chaos {
            if !told.contains(&chaos.seed()) {
                told.push(chaos.seed());
                writeln!(f, "{:?}", chaos.stats())?;
            }
        }
        Ok(())
    }
}
