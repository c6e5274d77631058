//! When to sweep, and who has to wait for it: in the background, one sweep at a time.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::dir::Dir;
use super::draft;
use super::root::Root;
use super::sweep::{Sweep, full, high};
use super::tally;
use super::turn::Turn;

/// A full disk is swept for at most this often: another program may be filling it.
const RELIEF: Duration = Duration::from_secs(10);

/// While the folder is written to, somebody looks this often for what killed writers left.
const TENDING: Duration = Duration::from_secs(15);

/// Who waits for a sweep looks this often how far it has come.
const GLANCE: Duration = Duration::from_millis(5);

/// A folder and the room that objects may take in it.
pub(super) struct Room {
    root: Arc<Root>,
    capacity: u64,
    /// How much is taken in the folder, as this process saw it last.
    taken: AtomicU64,
    /// How much that was when a sweep found nothing to evict.
    stuck: AtomicU64,
    /// So much room somebody waits for.
    wanted: AtomicU64,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    is_sweeping: bool,
    /// when a full disk was last swept for
    relieved: Option<Instant>,
    is_tending: bool,
    tended: Option<Instant>,
}

impl Room {
    pub(super) fn new(root: Arc<Root>, capacity: u64) -> Self {
        let zero = || AtomicU64::new(0);
        let (taken, stuck, wanted) = (zero(), zero(), zero());
        Self { root, capacity, taken, stuck, wanted, state: Mutex::default(), idle: Condvar::new() }
    }

    pub(super) fn root(&self) -> &Arc<Root> {
        &self.root
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Says whether there is room for so much. Where more is written than a sweep removes meanwhile, that is waited for,
    /// but no longer than `patience`, nor when nobody wants it any more.
    pub(super) fn admit(
        self: &Arc<Self>,
        charge: u64,
        patience: Duration,
        is_wanted: impl Fn() -> bool,
    ) -> bool {
        let has_room = |taken: u64| taken.saturating_add(charge) <= full(self.capacity);
        if has_room(self.taken.load(Relaxed)) {
            return true;
        }
        let start = Instant::now();
        loop {
            if has_room(self.look()) {
                return true;
            }
            self.wanted.fetch_max(charge, Relaxed);
            self.start(false);
            if start.elapsed() >= patience || !is_wanted() {
                return false;
            }
            thread::sleep(GLANCE);
        }
    }

    /// Hears after a write how much is taken; sweeps when that is too much.
    pub(super) fn wrote(self: &Arc<Self>, taken: u64) {
        self.taken.store(taken, Relaxed);
        if self.is_due() {
            self.start(false);
        }
        self.tend();
    }

    /// Has some room made on a full disk, for the entries to come.
    pub(super) fn is_full(self: &Arc<Self>) {
        self.start(true);
    }

    /// Waits for a sweep that is running, be it another process's, then sweeps on this thread.
    pub(super) fn sweep(self: &Arc<Self>) -> io::Result<u64> {
        let _ = self.root.make_hidden(); // of a folder that is only read nobody else has a part
        loop {
            while !self.begin(false) {
                self.wait();
            }
            if let Some(left) = self.run(false)? {
                if self.is_due() {
                    self.start(false);
                }
                return Ok(left);
            }
        }
    }

    fn wait(&self) {
        let state = self.state();
        drop(self.idle.wait_while(state, |state| state.is_sweeping));
    }

    /// Says whether there is too much, and more than a sweep could not help.
    fn is_due(&self) -> bool {
        let (taken, stuck) = (self.taken.load(Relaxed), self.stuck.load(Relaxed));
        taken >= high(self.capacity) && (taken < stuck || taken - stuck >= self.capacity / 64)
    }

    fn look(&self) -> u64 {
        let taken = self.root.hidden().map_or(0, |hidden| tally::read(&hidden));
        self.taken.store(taken, Relaxed);
        taken
    }

    /// Starts a sweep unless one is running. The thread is nobody's to join: the program may end any time.
    fn start(self: &Arc<Self>, is_full: bool) {
        if !self.begin(is_full) {
            return;
        }
        let room = Arc::clone(self);
        let thread = thread::Builder::new().name("dcache-sweep".to_owned()).spawn(move || {
            // a folder that cannot be swept fails reads and writes too, which are reported
            let _ = room.run(is_full);
            // who wrote a lot meanwhile found this one running
            while room.is_due() && room.begin(false) {
                let _ = room.run(false);
            }
        });
        if thread.is_err() {
            drop(Running(self)); // the next write tries again
        }
    }

    fn begin(&self, is_full: bool) -> bool {
        let mut state = self.state();
        if state.is_sweeping || is_full && state.relieved.is_some_and(|at| at.elapsed() < RELIEF) {
            return false;
        }
        if is_full {
            state.relieved = Some(Instant::now());
        }
        state.is_sweeping = true;
        true
    }

    /// Sweeps, after `begin`, and says how much is left; or nothing, after a moment, if another process sweeps.
    fn run(&self, is_full: bool) -> io::Result<Option<u64>> {
        let _running = Running(self);
        let _ = clear_drafts(&self.root);
        let hidden = self.root.hidden().ok();
        let turn = match hidden.as_ref().map(Turn::take) {
            Some(Ok(None)) => {
                thread::sleep(GLANCE);
                self.look();
                return Ok(None);
            }
            turn => turn.and_then(Result::ok).flatten(),
        };
        let swept = Sweep {
            root: &self.root,
            capacity: self.capacity,
            is_full,
            wanted: self.wanted.swap(0, Relaxed),
            hidden: hidden.as_ref(),
            turn: turn.as_ref(),
        }
        .run();
        turn.inspect(Turn::go_on);
        let taken = self.look();
        let is_stuck = swept.as_ref().is_ok_and(|swept| swept.evicted == 0);
        self.stuck.store(if is_stuck { taken } else { 0 }, Relaxed);
        Ok(Some(swept?.left))
    }

    /// Looks in the background, now and then, for what killed writers left, as long as there are unfinished files; and
    /// sweeps where nobody has for an hour.
    fn tend(self: &Arc<Self>) {
        let mut state = self.state();
        if state.is_tending || state.tended.is_some_and(|at| at.elapsed() < TENDING) {
            return;
        }
        state.is_tending = true;
        drop(state);
        let (root, room) = (Arc::clone(&self.root), Arc::downgrade(self));
        let tending = thread::Builder::new().name("dcache-tend".to_owned()).spawn(move || {
            loop {
                let others = clear_drafts(&root).unwrap_or(0);
                let Some(room) = room.upgrade() else { return };
                if root.hidden().is_ok_and(|hidden| Turn::is_due(&hidden)) {
                    room.start(false);
                }
                let mut state = room.state();
                state.tended = Some(Instant::now());
                if others == 0 {
                    state.is_tending = false;
                    return;
                }
                drop(state);
                drop(room);
                thread::sleep(TENDING);
            }
        });
        if tending.is_err() {
            self.state().is_tending = false;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn clear_drafts(root: &Root) -> io::Result<usize> {
    Ok(draft::clear(&Dir::open(root.path(), "")?)? + draft::clear(&root.hidden()?)?)
}

/// A sweep that is running; dropped at its end, be it a panic.
struct Running<'a>(&'a Room);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.state().is_sweeping = false;
        self.0.idle.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    /// A folder that is gone with the first, and a room in it.
    fn room(capacity: u64) -> (tempfile::TempDir, Arc<Room>) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap().unwrap();
        (folder, Arc::new(Room::new(root, capacity)))
    }

    #[test]
    fn what_is_too_much_is_swept_in_the_background() {
        let (_folder, room) = room(1 << 20);
        room.sweep().unwrap();
        let write = |n: usize| {
            let name = format!("n/f/{:02x}/{n}", n % 256);
            let taken = file::publish(&room.root, &name, &[0; 4096], file::expiry(None), || true).unwrap();
            room.wrote(taken.unwrap());
        };
        (0..239).for_each(write);
        assert!(!room.is_due() && !room.state().is_sweeping);
        (0..239).for_each(write);
        assert!(!room.is_due(), "what replaces others takes no room");
        (239..768).for_each(write); // 3 MiB in all
        room.wait();
        while room.is_due() && !room.state().is_sweeping {
            thread::yield_now(); // between two sweeps of the same thread
        }
        room.wait();
        let left = Sweep {
            root: &room.root,
            capacity: u64::MAX,
            is_full: false,
            wanted: 0,
            hidden: None,
            turn: None,
        };
        let left = left.run().unwrap().left;
        assert!(left <= 1 << 20, "{left} bytes are left");
        assert!(left > 1 << 19, "only {left} bytes are left");
        assert_eq!(room.sweep().unwrap(), room.look(), "what is known is what there is");
    }

    #[test]
    fn what_is_removed_takes_no_room() {
        let (_folder, room) = room(1 << 20);
        let write = |n: usize, length: usize| {
            let name = format!("n/f/ab/{n}");
            file::publish(&room.root, &name, &vec![0; length], file::expiry(None), || true).unwrap().unwrap()
        };
        for n in 0..9 {
            write(n, 8192);
        }
        assert_eq!(write(9, 8192), 80 << 10);
        assert_eq!(write(9, 100), 76 << 10, "a smaller one in its place");
        (0..5).for_each(|n| file::remove(&room.root, &format!("n/f/ab/{n}")).unwrap());
        file::remove(&room.root, "n/f/ab/0").unwrap();
        file::remove(&room.root, "n/f/none/0").unwrap();
        assert_eq!(room.look(), 36 << 10);
        assert_eq!(room.sweep().unwrap(), 36 << 10);
    }

    #[test]
    fn who_finds_no_room_waits_for_a_sweep_and_not_for_ever() {
        let (_folder, room) = room(1 << 20);
        room.sweep().unwrap();
        let tell = |bytes| tally::set(&room.root.hidden().unwrap(), bytes).unwrap();
        assert!(room.admit(1 << 20, Duration::ZERO, || true));
        tell(1 << 30);
        assert!(room.admit(4096, Duration::ZERO, || true), "as far as it knows");
        room.look();
        assert!(
            room.admit(4096, Duration::from_secs(60), || true),
            "a sweep finds out that nothing is there"
        );
        room.wait();
        let _running = room.begin(false); // and never goes on
        tell(1 << 30);
        room.look();
        assert!(!room.admit(4096, Duration::from_millis(20), || true));
        assert!(!room.admit(4096, Duration::MAX, || false), "nobody waits for it");
    }

    #[test]
    fn a_full_disk_is_swept_for_once_in_a_while() {
        let (_folder, room) = room(1 << 20);
        assert!(room.begin(true));
        drop(Running(&room));
        assert!(!room.begin(true) && room.begin(false));
    }

    #[test]
    fn one_sweep_runs_at_a_time_and_a_panic_ends_it() {
        let (_folder, room) = room(0);
        assert!(room.begin(false) && !room.begin(false));
        let running = Arc::clone(&room);
        let panicked = thread::spawn(move || {
            let _running = Running(&running);
            panic!("a fault in the sweep");
        });
        assert!(panicked.join().is_err());
        assert!(room.begin(false));
    }
}
