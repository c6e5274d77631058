//! How much was written, and when to sweep: in the background, one sweep at a time.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::root::Root;
use super::sweep::{self, Sweep};

/// A full disk is swept for at most this often: another program may be filling it.
const RELIEF: Duration = Duration::from_secs(10);

/// A folder and the room that objects may take in it.
pub(super) struct Room {
    root: Arc<Root>,
    capacity: u64,
    /// since the last sweep began, by this process
    written: AtomicU64,
    state: Mutex<State>,
    idle: Condvar,
}

#[derive(Default)]
struct State {
    is_sweeping: bool,
    /// when a full disk was last swept for
    relieved: Option<Instant>,
}

impl Room {
    pub(super) fn new(root: Arc<Root>, capacity: u64) -> Self {
        // the first write has the leftovers of former processes swept
        let written = AtomicU64::new(step(capacity));
        Self { root, capacity, written, state: Mutex::default(), idle: Condvar::new() }
    }

    pub(super) fn root(&self) -> &Arc<Root> {
        &self.root
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Counts what was written; every sixteenth of the capacity starts a sweep.
    pub(super) fn wrote(self: &Arc<Self>, length: usize) {
        self.written.fetch_add(sweep::charge(length as u64), Relaxed);
        if self.is_due() {
            self.start(false);
        }
    }

    /// Has some room made on a full disk, for the entries to come.
    pub(super) fn is_full(self: &Arc<Self>) {
        self.start(true);
    }

    /// Waits for a sweep that is running, then sweeps on this thread.
    pub(super) fn sweep(self: &Arc<Self>) -> io::Result<u64> {
        while !self.begin(false) {
            self.wait();
        }
        let swept = self.run(false);
        if self.is_due() {
            self.start(false);
        }
        swept
    }

    fn wait(&self) {
        let state = self.state();
        drop(self.idle.wait_while(state, |state| state.is_sweeping));
    }

    fn is_due(&self) -> bool {
        self.written.load(Relaxed) >= step(self.capacity)
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

    /// Sweeps, after `begin`.
    fn run(&self, is_full: bool) -> io::Result<u64> {
        let _running = Running(self);
        self.written.store(0, Relaxed);
        Sweep { root: &self.root, capacity: self.capacity, is_full, written: &self.written }.run()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After so many bytes written there is a sweep.
fn step(capacity: u64) -> u64 {
    (capacity / 16).max(1)
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
    fn writing_a_sixteenth_of_the_capacity_sweeps_in_the_background() {
        let (_folder, room) = room(1 << 20);
        let write = |n: usize| {
            let name = format!("n/f/{:02x}/{n}", n % 256);
            assert!(file::publish(&room.root, &name, &[0; 4096], file::expiry(None), || true).unwrap());
            room.wrote(4096);
        };
        write(0);
        room.wait(); // the first one swept
        assert!(!room.is_due());
        (1..16).for_each(write);
        assert!(!room.is_due());
        (16..768).for_each(write); // 3 MiB in all
        room.wait();
        while room.is_due() && !room.state().is_sweeping {
            thread::yield_now(); // between two sweeps of the same thread
        }
        room.wait();
        let written = AtomicU64::new(0);
        let only_weigh = Sweep { root: &room.root, capacity: u64::MAX, is_full: false, written: &written };
        let left = only_weigh.run().unwrap();
        assert!(left <= 1 << 20, "{left} bytes are left");
        assert!(left > 1 << 19, "only {left} bytes are left");
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
