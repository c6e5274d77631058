//! How much room the objects take, as far as the processes that share the folder know together.
//!
//! It is the difference in length of two files, to which a byte is appended for each block that objects grow by, or that
//! is freed. Appending is one step on every file system: so nobody waits for anybody, nothing is lost when a writer is
//! killed, and a program that writes ten objects a day counts as well. Sweeps put right what somebody else did to the
//! folder, and shorten the files.

use std::io::{self, Write};

use super::dir::Dir;

const TAKEN: &str = "taken";
const FREED: &str = "freed";

/// What most file systems allot at a time: an object takes at least this much of a disk.
const BLOCK: u64 = 4096;

/// Says how much room an object of this length takes.
pub(super) fn charge(length: u64) -> u64 {
    length.max(1).checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX)
}

/// Adds what objects have grown by, and returns how much is taken now.
pub(super) fn add(hidden: &Dir, bytes: u64) -> io::Result<u64> {
    append(hidden, TAKEN, bytes)?;
    Ok(read(hidden))
}

/// Takes off what was freed, but no more than there is: a file that somebody made larger was never added as such.
pub(super) fn free(hidden: &Dir, bytes: u64) -> io::Result<()> {
    append(hidden, FREED, bytes.min(read(hidden)))
}

/// Puts down how much is taken. Who looks in between sees too much rather than too little.
pub(super) fn set(hidden: &Dir, bytes: u64) -> io::Result<()> {
    hidden.append_to(FREED)?.set_len(0)?;
    hidden.append_to(TAKEN)?.set_len(bytes / BLOCK)
}

/// Returns how much is taken, for all that is known.
pub(super) fn read(hidden: &Dir) -> u64 {
    let length = |name: &str| hidden.look(name.as_ref()).map_or(0, |seen| seen.length);
    length(TAKEN).saturating_sub(length(FREED)).saturating_mul(BLOCK)
}

fn append(hidden: &Dir, name: &str, bytes: u64) -> io::Result<()> {
    let mut blocks = bytes / BLOCK;
    if blocks == 0 {
        return Ok(());
    }
    let mut file = hidden.append_to(name)?;
    while blocks > 0 {
        let some = blocks.min(BLOCK);
        file.write_all(&[0; BLOCK as usize][..some as usize])?;
        blocks -= some;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn an_object_takes_whole_blocks() {
        assert_eq!([charge(0), charge(1), charge(4096), charge(4097)], [4096, 4096, 4096, 8192]);
        assert_eq!(charge(u64::MAX), u64::MAX);
    }

    #[test]
    fn nothing_that_is_added_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        assert_eq!(read(&Dir::open(&path, "").unwrap()), 0);
        thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    let hidden = Dir::open(&path, "").unwrap();
                    (0..250).for_each(|_| assert!(add(&hidden, BLOCK).unwrap() > 0));
                });
            }
        });
        let hidden = Dir::open(&path, "").unwrap();
        assert_eq!(add(&hidden, BLOCK * 10_000).unwrap(), BLOCK * 11_000);
        free(&hidden, BLOCK * 999).unwrap();
        assert_eq!(read(&hidden), BLOCK * 10_001);
        set(&hidden, BLOCK * 7).unwrap();
        assert_eq!(read(&hidden), BLOCK * 7);
        free(&hidden, u64::MAX).unwrap();
        assert_eq!(read(&hidden), 0);
        assert_eq!(hidden.look(FREED.as_ref()).unwrap().length, 7, "no byte for what was never there");
    }
}
