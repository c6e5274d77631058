//! What goes when there is too much: the expired, then the least recently used.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, SystemTime};

use super::dir::{Dir, Times};
use super::draft;
use super::file;
use super::folder;
use super::root::Root;
use super::walk::{Found, Spot, Walk};
use crate::clock;

/// What most file systems allot at a time: an object takes at least this much of a disk.
const BLOCK: u64 = 4096;

/// After this many objects a sweep pauses, so that a small disk or a single processor serves others too.
const SLICE: u64 = 512;
const PAUSE: Duration = Duration::from_millis(1);

/// An empty folder is left for this long.
const IDLE: Duration = Duration::from_secs(60);

/// Says how much room an object of this length takes.
pub(super) fn charge(length: u64) -> u64 {
    length.max(1).checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
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
    /// How much this process has written since the sweep began.
    pub(super) written: &'a AtomicU64,
}

impl Sweep<'_> {
    /// Brings the objects within the capacity, and says how much room they take then.
    ///
    /// Faults of single files are passed over: the next sweep meets them again.
    pub(super) fn run(self) -> io::Result<u64> {
        if !folder::is_claimed(&Dir::open(self.root.path(), "")?) {
            return Ok(0);
        }
        let sample = self.survey()?;
        let capacity = if self.is_full { self.capacity.min(sample.total) } else { self.capacity };
        // what came during this walk will come again during the next, within reason
        let coming = self.written.load(Relaxed).saturating_mul(2).min(capacity / 4);
        let total = sample.total.saturating_add(coming);
        if total <= capacity - capacity / 16 {
            return Ok(sample.total);
        }
        let excess = total.saturating_sub(capacity - capacity / 8);
        self.evict(sample.cutoff(excess), excess)
    }

    /// Removes everything that is of no use to anybody, and weighs the rest.
    fn survey(&self) -> io::Result<Sample> {
        let now = file::now();
        let mut sample = Sample::default();
        for found in self.walk()? {
            match found {
                Found::Draft(spot) => {
                    if spot.name.to_str().is_some_and(|name| draft::is_abandoned(name, clock::wall())) {
                        let _ = spot.folder.remove_file(&spot.name);
                    }
                }
                Found::Object(spot) => {
                    let Ok(object) = spot.look() else { continue };
                    let is_expired = file::is_expired(&object.times, now);
                    if !is_expired || !self.discard(&spot, |times| file::is_expired(times, now)) {
                        sample.add(file::last_use(&object.times, now), charge(object.length));
                    }
                }
                Found::Folder(spot) => prune(&spot),
            }
        }
        Ok(sample)
    }

    /// Removes objects that were last used at `cutoff` or before, until `excess` is freed, and weighs the rest.
    fn evict(&self, cutoff: SystemTime, excess: u64) -> io::Result<u64> {
        let is_old = |times: &Times| file::last_use(times, file::now()) <= cutoff;
        let (mut freed, mut left) = (0, 0);
        for found in self.walk()? {
            let Found::Object(spot) = found else { continue };
            let Ok(object) = spot.look() else { continue };
            if freed < excess && is_old(&object.times) && self.discard(&spot, is_old) {
                freed += charge(object.length);
            } else {
                left += charge(object.length);
            }
        }
        Ok(left)
    }

    /// Removes an object if it is still due: a fresh one may be in its place by now. Says whether it is gone, be it in
    /// another process's sweep.
    fn discard(&self, spot: &Spot, is_due: impl Fn(&Times) -> bool) -> bool {
        let _lane = self.root.lane(&spot.name);
        let is_due = spot.look().map_or(true, |object| is_due(&object.times));
        is_due && file::remove_from(&spot.folder, &spot.name).is_ok()
    }

    /// Walks in slices with pauses between them, unless that would let the writers get ahead.
    fn walk(&self) -> io::Result<impl Iterator<Item = Found>> {
        let mut seen = 0;
        Ok(Walk::all(self.root.path())?.filter_map(Result::ok).inspect(move |_| {
            seen += 1;
            if seen % SLICE == 0 && self.written.load(Relaxed) < self.capacity / 64 {
                thread::sleep(PAUSE);
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
    fn an_object_takes_whole_blocks() {
        assert_eq!([charge(0), charge(1), charge(4096), charge(4097)], [4096, 4096, 4096, 8192]);
        assert_eq!(charge(u64::MAX), u64::MAX);
    }

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
