//! No argument, no value, no error of a body and no password is ever said: a canary test.
//!
//! Secrets that cannot be mistaken for anything else go in wherever users put something in, tiers are made to fail in
//! every way that can be had, and everything is heard that dcache says: events and spans of every target at every
//! level, errors with their sources and parts, `Debug` of all that is public, metrics, its own panics, keys on the wire
//! and names of files. None of it may hold a secret, in any form that it might be written in.
//!
//! | file | puts secrets into |
//! |---|---|
//! | `canary.rs` `ears.rs` `wire.rs` | (the secrets, and who listens) |
//! | `keys.rs` | arguments and values, through all controls; only a `key` template shows them, and in keys alone |
//! | `urls.rs` | URLs that are right, and URLs that are wrong in every place |
//! | `servers.rs` | logins and keys of servers that fail, refuse, and quote what they were sent |
//! | `buckets.rs` | credentials of buckets, whose servers fail, refuse, and quote what they were sent; names of buckets |
//! | `entries.rs` | values that cannot be written or read back, and entries that others tampered with |
//! | `seals.rs` | keys that seal |
//! | `bodies.rs` | errors and panics of bodies, and what they leave behind |

mod bodies;
mod buckets;
mod canary;
mod ears;
mod entries;
mod keys;
mod seals;
mod servers;
mod urls;
mod wire;
