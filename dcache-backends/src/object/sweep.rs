//! What goes when there is too much: the expired, then the least recently used.

use std::io;
use std::mem;
use std::thread;
use std::time::{Duration, SystemTime};

use super::dir::{Dir, Seen};
use super::draft;
use super::file;
use super::folder;
use super::root::Root;
use super::tally;
use super::turn::Turn;
use super::walk::{Found, Spot, Walk};

/// After this many objects a sweep pauses, so that a small disk or a single processor serves others too.
const SLICE: u64 = 512;
const PAUSE: Duration = Duration::from_millis(1);

/// An empty folder is left for this long.
const IDLE: Duration = Duration::from_secs(60);

/// Above this much a sweep begins.
pub(super) fn high(capacity: u64) -> u64 {
    capacity - capacity / 16
}

/// So much a sweep leaves.
fn low(capacity: u64) -> u64 {
    capacity - capacity / 8
}

/// Above this much nothing is written.
pub(super) fn full(capacity: u64) -> u64 {
    capacity.saturating_add(capacity / 16)
}

/// How much room the objects take after a sweep, and how much those took that had to go.
pub(super) struct Swept {
    pub(super) left: u64,
    pub(super) evicted: u64,
}

/// One sweep of a folder.
///
/// It walks twice, holding a sample and no list: first it removes what is expired or abandoned and weighs the
/// rest; if that is more than 15/16 of the capacity, it removes what was not used for the longest time until
/// 7/8 are taken. It opens no object, for that would be a use of it.
pub(super) struct Sweep<'a> {
    pub(super) root: &'a Root,
    pub(super) capacity: u64,
    /// The disk is full before the capacity is reached: then what is taken now is the capacity.
    pub(super) is_full: bool,
    /// So much room somebody waits for.
    pub(super) wanted: u64,
    /// Where processes have between them how much is taken, unless nothing can be written there.
    pub(super) hidden: Option<&'a Dir>,
    pub(super) turn: Option<&'a Turn>,
}

impl Sweep<'_> {
    /// Brings the objects within the capacity.
    ///
    /// Faults of single files are passed over: the next sweep meets them again.
    pub(super) fn run(self) -> io::Result<Swept> {
        if !folder::is_claimed(&Dir::open(self.root.path(), "")?) {
            return Ok(Swept { left: 0, evicted: 0 });
        }
        let before = self.taken();
        let sample = self.survey()?;
        let came = self.taken().saturating_sub(before);
        self.put_down(|hidden| tally::set(hidden, sample.total.saturating_add(came))); // rather too much
        let total = sample.total.saturating_add(came / 2); // the other half was met
        let capacity = if self.is_full { self.capacity.min(total) } else { self.capacity };
        let room = full(capacity).saturating_sub(self.wanted);
        if total < high(capacity) && total <= room {
            return Ok(Swept { left: sample.total, evicted: 0 });
        }
        // about as much will come during the next walk
        let excess = total.saturating_add(came.min(capacity / 4)).saturating_sub(low(capacity).min(room));
        self.evict(sample.cutoff(excess), excess)
    }

    fn taken(&self) -> u64 {
        self.hidden.map_or(0, tally::read)
    }

    /// What cannot be put down the next sweep finds out.
    fn put_down(&self, write: impl FnOnce(&Dir) -> io::Result<()>) {
        if let Some(hidden) = self.hidden {
            let _ = write(hidden);
        }
    }

    /// Removes everything that is of no use to anybody, and weighs the rest.
    fn survey(&self) -> io::Result<Sample> {
        let now = file::now();
        let mut sample = Sample::default();
        for found in self.walk()? {
            match found {
                Found::Draft(spot) => drop(draft::remove_dead(&spot.folder, &spot.name)),
                Found::Object(spot) => {
                    let Ok(object) = spot.look() else { continue };
                    // one that is larger than all of them may be was not written by dcache
                    let is_useless = |object: &Seen| {
                        tally::charge(object.length) > self.capacity || file::is_expired(&object.times, now)
                    };
                    if !is_useless(&object) || !self.discard(&spot, is_useless) {
                        sample.add(file::last_use(&object.times, now), tally::charge(object.length));
                    }
                }
                Found::Folder(spot) => prune(&spot),
            }
        }
        Ok(sample)
    }

    /// Removes objects that were last used at `cutoff` or before, until `excess` is freed, and weighs the rest.
    fn evict(&self, cutoff: SystemTime, excess: u64) -> io::Result<Swept> {
        let is_old = |object: &Seen| file::last_use(&object.times, file::now()) <= cutoff;
        let (mut freed, mut left, mut untold) = (0, 0, 0);
        for found in self.walk()? {
            let Found::Object(spot) = found else { continue };
            let Ok(object) = spot.look() else { continue };
            let charge = tally::charge(object.length);
            if freed >= excess || !is_old(&object) || !self.discard(&spot, is_old) {
                left += charge;
                continue;
            }
            freed += charge;
            untold += charge;
            if untold >= self.capacity / 64 {
                // who waits for room need not wait for the end
                self.put_down(|hidden| tally::free(hidden, mem::take(&mut untold)));
            }
        }
        self.put_down(|hidden| tally::free(hidden, untold));
        Ok(Swept { left, evicted: freed })
    }

    /// Removes an object if it is still due: a fresh one may be in its place by now. Says whether it is gone, be it in
    /// another process's sweep.
    fn discard(&self, spot: &Spot, is_due: impl Fn(&Seen) -> bool) -> bool {
        let _lane = self.root.lane(&spot.name);
        let is_due = spot.look().map_or(true, |object| is_due(&object));
        is_due && file::remove_from(&spot.folder, &spot.name).is_ok()
    }

    /// Walks in slices with pauses between them, unless there is too much already.
    fn walk(&self) -> io::Result<impl Iterator<Item = Found>> {
        let mut seen = 0;
        Ok(Walk::all(self.root.path())?.filter_map(Result::ok).inspect(move |_| {
            seen += 1;
            if seen % SLICE == 0 {
                self.turn.inspect(|turn| turn.go_on());
                if self.taken() < self.capacity {
                    thread::sleep(PAUSE);
                }
            }
        }))
    }
}

/// Removes a folder in which nothing has happened for a minute, if it is empty: a younger one may have been
/// made for an object that is about to come.
fn prune(spot: &Spot) {
    if spot.look().is_ok_and(|folder| folder.times.modified.elapsed().is_ok_and(|age| age > IDLE)) {
        let _ = spot.folder.remove_folder(&spot.name); // which fails unless it is empty
    }
}

/// Last uses and weights of a part of the objects, evenly spread over the walk: all of them up to `LIMIT`,
/// then every second, every fourth, and so on. The walk's order is that of digests, so it is a fair sample.
#[derive(Default)]
struct Sample {
    total: u64,
    seen: u64,
    /// one in two to the power of this is kept
    thinned: u32,
    kept: Vec<(SystemTime, u64)>,
}

impl Sample {
    const LIMIT: usize = 8192;

    fn add(&mut self, used: SystemTime, charge: u64) {
        if self.seen.trailing_zeros() >= self.thinned {
            if self.kept.len() == Self::LIMIT {
                let mut nth = 0;
                self.kept.retain(|_| {
                    nth += 1;
                    nth % 2 == 1
                });
                self.thinned += 1;
            }
            self.kept.push((used, charge));
        }
        self.seen += 1;
        self.total += charge;
    }

    /// Returns the last use up to which objects weigh `excess` together.
    fn cutoff(mut self, excess: u64) -> SystemTime {
        self.kept.sort_unstable();
        let mut weight = 0u64;
        let reached = self.kept.iter().find(|(_, charge)| {
            weight = weight.saturating_add(charge << self.thinned);
            weight >= excess
        });
        reached.or(self.kept.last()).map_or(SystemTime::UNIX_EPOCH, |(used, _)| *used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_of_few_is_exact() {
        let mut sample = Sample::default();
        for n in (0..100).rev() {
            sample.add(SystemTime::UNIX_EPOCH + Duration::from_secs(n), 10);
        }
        assert_eq!(sample.total, 1000);
        assert_eq!(sample.cutoff(95), SystemTime::UNIX_EPOCH + Duration::from_secs(9));
    }

    #[test]
    fn a_sample_of_many_is_close_and_small() {
        let (mut sample, many) = (Sample::default(), 1_000_003_u64);
        for n in 0..many {
            let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % many;
            sample.add(SystemTime::UNIX_EPOCH + Duration::from_secs(mixed), 4096);
        }
        assert!(sample.kept.len() <= Sample::LIMIT);
        let cutoff = sample.cutoff(many / 8 * 4096).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        assert!(cutoff.abs_diff(many / 8) < many / 50, "{cutoff}");
    }
}
