//! Whose turn it is to sweep: one process's at a time.
//!
//! A lock says so, which the system takes off whoever dies. The file's date says when something was last swept.

use std::fs::File;
use std::io;
use std::time::{Duration, SystemTime};

use super::dir::{self, Dir};
use super::file;

const NAME: &str = "sweep";

/// Who sweeps says so more often than this; else it was stopped, and others go on without it.
const SILENCE: Duration = Duration::from_secs(60);

/// A folder that is in use is swept this often, whatever was written.
const INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The right to sweep, until it is dropped.
pub(super) struct Turn(File);

impl Turn {
    /// Takes the turn, unless another process has it.
    pub(super) fn take(hidden: &Dir) -> io::Result<Option<Self>> {
        let turn = Self(hidden.append_to(NAME)?);
        if !dir::lock(&turn.0) && !is_past(turn.0.metadata()?.modified()?, SILENCE) {
            return Ok(None);
        }
        turn.go_on();
        Ok(Some(turn))
    }

    /// Says that the sweep is still going on, or that it is over.
    pub(super) fn go_on(&self) {
        let _ = self.0.set_modified(file::now());
    }

    /// Says whether nothing was swept for an hour, by anybody.
    pub(super) fn is_due(hidden: &Dir) -> bool {
        hidden.look(NAME.as_ref()).map_or(true, |seen| is_past(seen.times.modified, INTERVAL))
    }
}

/// Says whether a moment is farther away than that; what lies ahead is of a clock that was wrong.
fn is_past(moment: SystemTime, distance: Duration) -> bool {
    file::now().duration_since(moment).unwrap_or_else(|ahead| ahead.duration()) > distance
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_it_unless_that_one_is_silent() {
        let folder = tempfile::tempdir().unwrap();
        let hidden = Dir::open(&folder.path().canonicalize().unwrap(), "").unwrap();
        assert!(Turn::is_due(&hidden));
        let turn = Turn::take(&hidden).unwrap().unwrap();
        assert!(!Turn::is_due(&hidden));
        assert!(Turn::take(&hidden).unwrap().is_none());
        for wrong in [file::now() - SILENCE * 2, file::now() + SILENCE * 2] {
            turn.0.set_modified(wrong).unwrap();
            assert!(Turn::take(&hidden).unwrap().is_some());
            assert!(Turn::take(&hidden).unwrap().is_none(), "who took it says so");
        }
        drop(turn);
        assert!(Turn::take(&hidden).unwrap().is_some());
        turn_back(&hidden, INTERVAL * 2);
        assert!(Turn::is_due(&hidden));
    }

    fn turn_back(hidden: &Dir, by: Duration) {
        hidden.append_to(NAME).unwrap().set_modified(file::now() - by).unwrap();
    }
}
