//! The tier `redis`, against real servers.

mod access;
mod clear;
mod connections;
mod faults;
mod tls;
mod values;

use std::time::Duration;

use dcache_backends::redis::Redis;
use dcache_backends::{Backend, Bytes, Error, ErrorKind, Key, Operation, Scope};
use dcache_tests::redis::{Server, wait_until};
use tokio::runtime::{Builder, Runtime};

/// A time budget that a healthy server never uses up, however loaded the machine is.
const AMPLE: Duration = Duration::from_secs(10);

fn tier_of(server: &Server) -> Redis {
    Redis::connect(&server.url()).unwrap()
}

fn key(id: &str) -> Key {
    Key::new(&Scope::new("test", "function"), id)
}

fn entry(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn blocking(tier: &Redis) -> &dyn dcache_backends::BlockingBackend {
    tier.as_blocking().unwrap()
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Writes an entry of the key's own and reads it again.
async fn round_trip(tier: &Redis, id: &str) -> Result<(), Error> {
    tier.set(&key(id), entry(id), Some(AMPLE)).await?;
    assert_eq!(tier.get(&key(id)).await?, Some(entry(id)));
    Ok(())
}

fn blocking_round_trip(tier: &Redis, id: &str) -> Result<(), Error> {
    blocking(tier).set(&key(id), entry(id), Some(AMPLE), AMPLE)?;
    assert_eq!(blocking(tier).get(&key(id), 100, AMPLE)?, Some(entry(id)));
    Ok(())
}

/// Counts the connections, less the one that asks.
fn clients(server: &Server) -> usize {
    server.command::<String>(&["CLIENT", "LIST"]).lines().count() - 1
}

/// Waits until at most so many connections are left; the server needs a moment to notice an end.
fn wait_for_clients(server: &Server, most: usize) {
    wait_until(AMPLE, &format!("closing all connections but {most}"), || clients(server) <= most);
}

/// Counts the connections that there ever were.
fn accepted(server: &Server) -> usize {
    let stats = server.command::<String>(&["INFO", "stats"]);
    let count = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    count.unwrap().parse().unwrap()
}
