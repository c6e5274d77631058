//! S3-style objects in a folder: the tier `fs`.
//!
//! An entry is one file, `root/namespace/function/ab/id` ([`Key::object_name`](crate::Key::object_name)),
//! so that a folder copied into a bucket is a bucket of entries.
//!
//! - **Whole or absent.** An object is written to a draft, in a folder for the drafts of all, and renamed: a reader
//!   sees the old entry or the new one. Nothing is flushed to the disk: after a power cut a file may be empty, which
//!   the entry's checksum turns into a miss.
//! - **Private.** Files are 0600 and the folders that are made 0700, whatever the umask. A folder that others
//!   can write to, or that is not this process's user's, is refused when it is opened, and never written to
//!   later; a file that another user can have written is not read.
//! - **Without links.** The path is resolved when the tier is opened. After that no symbolic link is followed: a
//!   folder that is replaced by one fails every operation, and what is behind the link is left alone.
//! - **In order.** After a removal has returned, no write of this process that was given up before publishes.
//! - **The modification time is the expiry.** So clean-up reads no file and keeps no index. A file that is not dated
//!   into the future was copied here: the entry in it says how long it lives, as in a bucket.
//! - **Bounded.** A background sweep keeps the objects within the capacity; the expired go first, then those that were
//!   not used for the longest time. It holds for all processes that write there: they share a count of what is taken.
//!   Only a folder that dcache tagged as its own (`CACHEDIR.TAG`) is ever swept.
//! - **Patient where it must be.** Nobody can interrupt a system call: asynchronous operations run on the
//!   blocking pool and can be abandoned, synchronous ones say afterwards that they took too long.
//!
//! # Map
//!
//! A file imports only from those above it.
//!
//! | file | holds |
//! |---|---|
//! | `dir/` | an open folder: no link is followed, and nothing leaves it |
//! | `fault.rs` | what an error of the file system means |
//! | `draft.rs` | an unfinished file: its unique name, its removal |
//! | `folder.rs` | the tag, where the default folder lies |
//! | `root.rs` | the tier's folder: whose it is, the order of writes and removals |
//! | `tally.rs` | how much room is taken, by the objects of all processes |
//! | `file.rs` | one object: read, publish, remove |
//! | `walk.rs` | the objects below a folder |
//! | `turn.rs` | which process sweeps |
//! | `sweep.rs` | what goes when there is too much |
//! | `room.rs` | when to sweep, and who has to wait for it |
//! | `config.rs` | [`Fs`]: opening it |
//! | `backend.rs` | [`Fs`] as a [`Backend`](crate::Backend) |

mod backend;
mod config;
mod dir;
mod draft;
mod fault;
mod file;
mod folder;
mod room;
mod root;
mod sweep;
mod tally;
mod turn;
mod walk;

pub use config::Fs;
