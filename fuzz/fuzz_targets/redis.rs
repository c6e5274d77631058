//! Replies of a hostile Redis, to a real client over a real socket.
#![no_main]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use allocation_counter::measure;
use arbitrary::{Arbitrary, Unstructured};
use dcache::{Backend, BlockingBackend, Bytes, Error, Key, Redis, Scope};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// What is asked of the server.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Asked {
    Get,
    GetWithin(u16),
    Set,
    Remove,
    Clear,
    Check,
}

/// What the server answers, and in which pieces.
#[derive(Default)]
struct Script {
    /// To each of the first commands.
    replies: Vec<Vec<u8>>,
    split: u16,
}

impl Script {
    fn split<'r>(&self, reply: &'r [u8]) -> (&'r [u8], &'r [u8]) {
        reply.split_at(usize::from(self.split) % (reply.len() + 1))
    }
}

/// Servers that say what they are told to say, then close the connection: one on the fuzzing thread for
/// asynchronous callers, which costs no switch of threads, and one on a thread of its own for those who block.
struct Server {
    near: String,
    far: String,
    script: Mutex<Script>,
    runtime: Runtime,
    _folder: tempfile::TempDir,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let url = |name| format!("unix://{}", path(name).display());
    let (near, far) = (path("near"), path("far"));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::UnixListener::bind(near).unwrap();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client));
            }
        });
    });
    let listener = UnixListener::bind(far).unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _ = serve_blocking(client); // clients hang up as they like
        }
    });
    Server { near: url("near"), far: url("far"), script: Mutex::default(), runtime, _folder: folder }
});

/// Takes the script of this run; later connections get nothing.
fn script() -> Script {
    std::mem::take(&mut *SERVER.script.lock().unwrap())
}

/// How long a command is waited for, where the client may be waiting for more of an answer instead.
const PATIENCE: Duration = Duration::from_millis(2);

async fn serve(mut client: tokio::net::UnixStream) -> std::io::Result<()> {
    let mut command = [0; 4096];
    client.read(&mut command).await?;
    let script = script();
    for (n, reply) in script.replies.iter().enumerate() {
        if n > 0 && matches!(timeout(PATIENCE, client.read(&mut command)).await, Ok(Ok(0))) {
            break;
        }
        let (first, rest) = script.split(reply);
        client.write_all(first).await?;
        tokio::task::yield_now().await;
        client.write_all(rest).await?;
    }
    Ok(())
}

fn serve_blocking(mut client: UnixStream) -> std::io::Result<()> {
    let mut command = [0; 4096];
    let _ = client.read(&mut command)?;
    client.set_read_timeout(Some(PATIENCE))?;
    let script = script();
    for (n, reply) in script.replies.iter().enumerate() {
        if n > 0 && matches!(client.read(&mut command), Ok(0)) {
            break;
        }
        let (first, rest) = script.split(reply);
        client.write_all(first)?;
        client.write_all(rest)?;
    }
    Ok(())
}

/// What came of it.
enum Done {
    Entry(Option<Bytes>),
    Other,
}

async fn ask(redis: &Redis, asked: Asked, key: &Key) -> Result<Done, Error> {
    match asked {
        Asked::Get => Backend::get(redis, key).await.map(Done::Entry),
        Asked::GetWithin(limit) => redis.get_within(key, limit.into()).await.map(Done::Entry),
        Asked::Set => Backend::set(redis, key, Bytes::from_static(b"e"), None).await.map(|()| Done::Other),
        Asked::Remove => Backend::remove(redis, key).await.map(|()| Done::Other),
        Asked::Clear => Backend::clear(redis, key.scope()).await.map(|_| Done::Other),
        Asked::Check => redis.check().await.map(|()| Done::Other),
    }
}

fn ask_blocking(redis: &dyn BlockingBackend, asked: Asked, key: &Key) -> Result<Done, Error> {
    let budget = Duration::from_secs(5);
    match asked {
        Asked::Get | Asked::Check => redis.get(key, usize::MAX, budget).map(Done::Entry),
        Asked::GetWithin(limit) => redis.get(key, limit.into(), budget).map(Done::Entry),
        Asked::Set => redis.set(key, Bytes::from_static(b"e"), None, budget).map(|()| Done::Other),
        Asked::Remove => redis.remove(key, budget).map(|()| Done::Other),
        Asked::Clear => redis.clear(key.scope(), budget).map(|_| Done::Other),
    }
}

fn target(data: &[u8]) -> arbitrary::Result<()> {
    let mut bytes = Unstructured::new(data);
    let (way, asked) = <(u8, Asked)>::arbitrary(&mut bytes)?;
    let is_blocking = way % 64 == 1;
    let split = u16::arbitrary(&mut bytes)?;
    // the first reply in plain sight, so that a dictionary helps
    let rest = bytes.bytes(bytes.len())?;
    let replies: Vec<Vec<u8>> = rest.split(|byte| *byte == 0xff).take(4).map(<[u8]>::to_vec).collect();
    let sent: Vec<u8> = replies.concat();
    let server = &*SERVER;
    *server.script.lock().unwrap() = Script { replies, split };
    let key = Key::new(&Scope::new("n", "f"), "1");
    let mut answer = None;
    let memory = measure(|| {
        let redis = Redis::connect(if is_blocking { &server.far } else { &server.near }).unwrap();
        answer = Some(if is_blocking {
            ask_blocking(redis.as_blocking().unwrap(), asked, &key)
        } else {
            server.runtime.block_on(ask(&redis, asked, &key))
        });
    });
    let allowed = (2 << 20) + 200 * sent.len() as u64;
    assert!(memory.bytes_max <= allowed, "{} bytes for {}", memory.bytes_max, sent.len());
    match answer {
        Some(Ok(Done::Entry(Some(entry)))) => {
            let limit = if let Asked::GetWithin(limit) = asked { limit.into() } else { usize::MAX };
            assert!(entry.len() <= limit);
            assert!(entry.is_empty() || sent.windows(entry.len()).any(|part| part == entry), "made up");
        }
        Some(Err(error)) => assert!(!error.to_string().is_empty()),
        _ => {}
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let _ = target(data);
});
