//! S3 and what speaks its protocol (MinIO, R2, Ceph, Garage…): the tier `s3`.
//!
//! An entry is one object, `prefix/namespace/function/ab/id` ([`Key::object_name`](crate::Key::object_name)), the same
//! as a file of [`fs`](crate::object): a folder that is copied into a bucket is a bucket of entries, and back.
//!
//! - **The bucket has no clock.** An object stays until it is removed: the entry in it says when it expires. A lifecycle
//!   rule of the bucket removes what nobody asks for any more; see [`S3`].
//! - **One HTTP/1.1 client for the process,** on the I/O thread ([`io`](crate::io)): connections outlive the runtimes of
//!   callers. At most 128 requests are under way to a bucket at a time, so that a storm of misses takes no more sockets.
//! - **Retries within the time of the call.** A request is tried again, twice at most, where the answer says that it was
//!   not carried out, as `503 SlowDown` does; one that reads also where there is no answer. A write without an answer is
//!   not: it may yet arrive, and whoever waits for it is told that it may.
//! - **No more is read than was announced,** and nothing of an entry that is larger than the caller wants it.
//! - **What a server says is not passed on,** but for the code of its refusal.
//!
//! # Map
//!
//! A file imports only from those above it.
//!
//! | file | holds |
//! |---|---|
//! | `fault.rs` | what an answer or the want of one means |
//! | `address.rs` | where a bucket is: parsed, and redacted for logs |
//! | `environment.rs` | what the environment says of AWS |
//! | `connector.rs` | how an endpoint is reached: TCP, and TLS over it |
//! | `transport.rs` | one request and its answer |
//! | `config.rs` | [`S3`]: naming a bucket |
//! | `backend.rs` | [`S3`] as a [`Backend`](crate::Backend) |

mod address;
mod backend;
mod config;
mod connector;
mod environment;
mod fault;
mod transport;

pub use config::{S3, S3Builder};
