//! Redis and Valkey: the tier `redis`.
//!
//! An entry is one string under `namespace:function:id` ([`Key::as_str`](crate::Key::as_str)), which expires on
//! the server; another program can read and delete it.
//!
//! - **Connections belong to the runtime that uses them.** One multiplexed connection for each tokio runtime
//!   that calls, made at its first call and gone with it. Callers without a usable runtime share one on the
//!   I/O thread ([`io`](crate::io)). Synchronous callers take a blocking one from a small pool; over TLS they
//!   share that of the I/O thread, since a handshake may take longer than a call's time budget: there it goes on
//!   when the call has given up.
//! - **No retries.** A call fails at once and the next one connects anew. Only a pooled connection that the
//!   server closed in the meantime is exchanged within the call.
//! - **No preliminaries.** Nothing is sent before the first command but `AUTH`, `SELECT` and `HELLO 3` where the URL
//!   asks for them: proxies, old servers and users with few permissions are all welcome.
//! - **Few commands:** `GET`, `GETRANGE`, `SET`, `DEL`, `SCAN`, and `PING` for a check.
//!
//! # Map
//!
//! A file imports only from those above it.
//!
//! | file | holds |
//! |---|---|
//! | `fault.rs` | what an error of the client or the server means |
//! | `command.rs` | what is sent, and what it may be answered with |
//! | `sweep.rs` | the commands that clear a scope, slice by slice |
//! | `reply.rs` | what a server answers: bytes become values |
//! | `login.rs` | what a connection says before its first command |
//! | `connector.rs` | how a server is reached: the stream that a connection's bytes go over |
//! | `pipeline.rs` | the commands and answers of one connection, in order, for any number of callers |
//! | `connection.rs` | one runtime's connection, being made or in use |
//! | `registry.rs` | which runtime has which connection |
//! | `link.rs` | a blocking connection |
//! | `pool.rs` | the blocking connections to one server |
//! | `address.rs` | the URL: parsed, and redacted for logs |
//! | `config.rs` | [`Redis`]: naming a server |
//! | `backend.rs` | [`Redis`] as a [`Backend`](crate::Backend) |

mod address;
mod backend;
mod command;
mod config;
mod connection;
mod connector;
mod fault;
mod link;
mod login;
mod pipeline;
mod pool;
mod registry;
mod reply;
mod sweep;

#[cfg(feature = "redis-tls")]
pub use crate::tls::Tls;
pub use config::Redis;
