//! Hits in Redis.
//!
//! All ask one server on loopback, each by the connections that its library makes. The bare client decodes what it
//! gets, as the caches do.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{LazyLock, OnceLock};

use bincode::config::standard;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, Client, Commands, Connection};

use crate::callers::{self, MANY};
use crate::contender::Contender;
use crate::group::{Bound, Group};
use crate::groups::size;
use crate::runtime::RUNTIME;
use crate::server::Server;

/// Counts how often a value had to be made; while hits are measured that never happens.
static BODIES: AtomicU64 = AtomicU64::new(0);

/// Counts calls that got no answer: the bare client and `cached` wait no longer than 500 ms for one.
static FAILED: AtomicU64 = AtomicU64::new(0);

/// A value, named by its size and by who asks for it.
fn id(bytes: u64, caller: u64) -> u64 {
    bytes * MANY + caller
}

fn body(id: u64) -> String {
    BODIES.fetch_add(1, Relaxed);
    "v".repeat((id / MANY) as usize)
}

/// The functions. Those of dcache have time, as 64 values of 1 MiB take longer than the 100 ms that Redis has by
/// default.
mod hour {
    use super::{body, url};

    #[dcache::dcache(backend = redis(url = url(), timeout = "10s"), ttl = "1h")]
    pub fn ours(id: u64) -> String {
        body(id)
    }

    #[dcache::dcache(backend = redis(url = url(), timeout = "10s"), ttl = "1h")]
    pub async fn ours_async(id: u64) -> String {
        body(id)
    }

    #[cached::macros::concurrent_cached(
        ty = "cached::RedisCache<u64, String>",
        create = r#"{ cached::RedisCache::builder("sync").ttl_secs(3600).connection_string(url()).build().unwrap() }"#,
        map_error = |error| format!("{error:?}")
    )]
    pub fn cached(id: u64) -> Result<String, String> {
        Ok(body(id))
    }

    #[cached::macros::concurrent_cached(
        ty = "cached::AsyncRedisCache<u64, String>",
        create = r#"{
            let builder = cached::AsyncRedisCache::builder("async").ttl_secs(3600);
            builder.connection_string(url()).build().await.unwrap()
        }"#,
        map_error = |error| format!("{error:?}")
    )]
    pub async fn cached_async(id: u64) -> Result<String, String> {
        Ok(body(id))
    }
}

static URL: OnceLock<String> = OnceLock::new();

fn url() -> &'static str {
    URL.get().expect("the server was started")
}

/// Connects to the server of all groups, which the first of them starts.
fn client() -> io::Result<Client> {
    static SERVER: LazyLock<io::Result<Server>> = LazyLock::new(Server::start);
    let server = SERVER.as_ref().map_err(|error| io::Error::other(error.to_string()))?;
    Client::open(URL.get_or_init(|| server.url()).as_str()).map_err(io::Error::other)
}

/// Stores the values of a size for all contenders.
fn fill(bytes: u64, connection: &mut Connection) -> io::Result<()> {
    for id in (0..MANY).map(|caller| id(bytes, caller)) {
        let entry = bincode::serde::encode_to_vec(body(id), standard()).map_err(io::Error::other)?;
        connection.set_ex::<_, _, ()>(bare_key(id), entry, 3600).map_err(io::Error::other)?;
        hour::ours(id);
        hour::cached(id).map_err(io::Error::other)?;
        RUNTIME
            .block_on(async {
                hour::ours_async(id).await;
                hour::cached_async(id).await
            })
            .map_err(io::Error::other)?;
    }
    BODIES.store(0, Relaxed);
    FAILED.store(0, Relaxed);
    Ok(())
}

fn shared() -> io::Result<MultiplexedConnection> {
    let client = client()?;
    let connection =
        RUNTIME.block_on(RUNTIME.spawn(async move { client.get_multiplexed_async_connection().await }));
    connection?.map_err(io::Error::other)
}

fn bare_key(id: u64) -> String {
    format!("bare:{id}")
}

fn failed() -> String {
    FAILED.fetch_add(1, Relaxed);
    String::new()
}

fn decoded(entry: redis::RedisResult<Vec<u8>>) -> String {
    match entry {
        Ok(entry) => bincode::serde::decode_from_slice(&entry, standard()).expect("it was encoded").0,
        Err(_) => failed(),
    }
}

fn bare(connection: &mut Connection, id: u64) -> String {
    decoded(connection.get(bare_key(id)))
}

async fn bare_async(mut connection: MultiplexedConnection, id: u64) -> String {
    decoded(connection.get(bare_key(id)).await)
}

fn cached(id: u64) -> String {
    hour::cached(id).unwrap_or_else(|_| failed())
}

async fn cached_async(id: u64) -> String {
    hour::cached_async(id).await.unwrap_or_else(|_| failed())
}

/// Says of dcache what must not be: that a body ran, or that another had no answer.
fn ours(contender: Contender) -> Contender {
    contender.remarking(|| match (BODIES.load(Relaxed), FAILED.load(Relaxed)) {
        (0, 0) => String::new(),
        (bodies, failed) => format!("{bodies} bodies ran, {failed} calls of others failed"),
    })
}

fn group(bytes: u64, how: &str, who: &str, bare: &str) -> Group {
    let about = format!(
        "{who} asking for values of their own, strings, one after the other. The bare client is `redis`: a `GET` by \
         {bare}, decoded by bincode."
    );
    Group::new(format!("Hit in Redis, {how}, {}", size(bytes)), about)
}

/// One caller.
pub fn sync(bytes: u64) -> io::Result<Group> {
    let mut connection = client()?.get_connection().map_err(io::Error::other)?;
    fill(bytes, &mut connection)?;
    let id = move |n| id(bytes, n % MANY);
    let group =
        group(bytes, "synchronous", "One thread", "a blocking connection").rounds(61, 20).contenders([
            Contender::timed("bare GET", move |calls| callers::one(calls, |n| bare(&mut connection, id(n)))),
            Contender::timed("cached", move |calls| callers::one(calls, |n| cached(id(n)))),
            ours(Contender::timed("dcache", move |calls| callers::one(calls, |n| hour::ours(id(n))))),
        ]);
    Ok(group.bounds(match bytes {
        256 => vec![Bound::times("dcache", 1.25, "bare GET"), Bound::below("dcache", "cached")],
        _ => vec![Bound::below("dcache", "cached")],
    }))
}

/// One task.
pub fn asynchronous(bytes: u64) -> io::Result<Group> {
    fill(bytes, &mut client()?.get_connection().map_err(io::Error::other)?)?;
    let connection = shared()?;
    let id = move |n| id(bytes, n % MANY);
    let bare = move |n| bare_async(connection.clone(), id(n));
    let group = group(bytes, "asynchronous", "One task", "a multiplexed connection in the same runtime");
    let group = group.rounds(61, 20).contenders([
        Contender::timed("bare GET", move |calls| callers::one_task(calls, bare.clone())),
        Contender::timed("cached", move |calls| callers::one_task(calls, move |n| cached_async(id(n)))),
        ours(Contender::timed("dcache", move |calls| {
            callers::one_task(calls, move |n| hour::ours_async(id(n)))
        })),
    ]);
    Ok(match bytes {
        256 => group.bounds([Bound::times("dcache", 1.15, "bare GET")]),
        _ => group,
    })
}

/// 64 threads, all of them at once.
pub fn sync_many(bytes: u64) -> io::Result<Group> {
    let client = client()?;
    let mut connections = Vec::new();
    for _ in 0..MANY {
        connections.push(client.get_connection().map_err(io::Error::other)?);
    }
    fill(bytes, &mut connections[0])?;
    let id = move |caller| id(bytes, caller);
    let mut bares: Vec<_> = (0..)
        .zip(connections)
        .map(|(caller, mut connection)| move |_| bare(&mut connection, id(caller)))
        .collect();
    let mut cacheds: Vec<_> = (0..MANY).map(|caller| move |_| cached(id(caller))).collect();
    let mut dcaches: Vec<_> = (0..MANY).map(|caller| move |_| hour::ours(id(caller))).collect();
    let bare = "a blocking connection of each thread's own";
    Ok(group(bytes, "synchronous, 64 at once", "64 threads", bare).rounds(31, 60).contenders([
        Contender::timed("bare GET", move |calls| callers::many_threads(calls, &mut bares)),
        Contender::timed("cached", move |calls| callers::many_threads(calls, &mut cacheds)),
        ours(Contender::timed("dcache", move |calls| callers::many_threads(calls, &mut dcaches))),
    ]))
}

/// 64 tasks, all of them at once.
pub fn asynchronous_many(bytes: u64) -> io::Result<Group> {
    fill(bytes, &mut client()?.get_connection().map_err(io::Error::other)?)?;
    let connection = shared()?;
    let id = move |caller| id(bytes, caller);
    let bare = move |caller, _| bare_async(connection.clone(), id(caller));
    let group = group(bytes, "asynchronous, 64 at once", "64 tasks", "one multiplexed connection");
    let group = group.rounds(31, 60).contenders([
        Contender::timed("bare GET", move |calls| callers::many_tasks(calls, bare.clone())),
        Contender::timed("cached", move |calls| {
            callers::many_tasks(calls, move |caller, _| cached_async(id(caller)))
        }),
        ours(Contender::timed("dcache", move |calls| {
            callers::many_tasks(calls, move |caller, _| hour::ours_async(id(caller)))
        })),
    ]);
    // 0.95 of the throughput
    Ok(group.bounds([Bound::times("dcache", 1.0 / 0.95, "bare GET")]))
}
