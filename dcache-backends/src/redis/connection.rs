//! One runtime's connection, being made or in use.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError, RedisResult};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::command::Request;
use super::connector::Connector;
use super::fault::Failure;
use super::meter::{Meter, Metered};

/// How long connecting may take: the look-up of the name, the handshakes and the login.
const CONNECTING: Duration = Duration::from_secs(1);

/// How long an answer may take, for callers without a time budget of their own.
const ANSWERING: Duration = Duration::from_secs(5);

/// After this many commands in a row without an answer the connection is given up: the network may have lost
/// it without a word, and TCP alone would notice that after a quarter of an hour.
const LOST: u32 = 3;

/// A connection in the hands of one task of its runtime, which makes it and then drives it.
///
/// So a caller that waits no longer does not stop the connecting, and whatever ends the task, be it the server
/// or the end of the runtime, ends the connection.
pub(super) struct Connection {
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
    /// Whether it waits for the end of a TLS handshake.
    shaking: Arc<AtomicBool>,
    broken: AtomicBool,
    /// Whether nothing came from there yet.
    is_new: AtomicBool,
    unanswered: AtomicU32,
    meter: Arc<Meter>,
}

enum State {
    Connecting,
    Ready(MultiplexedConnection),
    Failed(RedisError),
    /// The runtime has no driver for I/O or time.
    Driverless,
}

/// The runtime has no driver for I/O or time, so no connection can live there.
pub(super) struct Driverless;

impl Connection {
    /// Begins to connect, on this runtime.
    pub(super) fn start(connector: &Connector, runtime: &Handle) -> Self {
        let (sender, state) = watch::channel(State::Connecting);
        let (meter, shaking) = (Arc::new(Meter::new()), Arc::new(AtomicBool::new(false)));
        let task = runtime.spawn(drive(connector.clone(), meter.clone(), shaking.clone(), sender));
        let (broken, is_new) = (AtomicBool::new(false), AtomicBool::new(true));
        Self { state, task, shaking, broken, is_new, unanswered: AtomicU32::new(0), meter }
    }

    /// Says whether all that it waits for is the server's part of a TLS handshake.
    pub(super) fn is_shaking(&self) -> bool {
        self.shaking.load(Relaxed)
    }

    /// Says whether the next command should try this connection, rather than a new one.
    pub(super) fn is_usable(&self) -> bool {
        !self.broken.load(Relaxed)
            && self.unanswered.load(Relaxed) < LOST
            && !self.has_ended()
            && !matches!(*self.state.borrow(), State::Failed(_))
    }

    /// Says whether the connection is closed, as all are whose runtime is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Sends a command, as soon as there is a connection.
    ///
    /// Callers may drop this at any time: the client reads an answer that nobody waits for, and drops it.
    pub(super) async fn send<T>(&self, request: &Request<T>) -> Result<Result<T, Failure>, Driverless> {
        let mut connection = match self.ready().await? {
            Ok(connection) => connection,
            Err(cause) => return Ok(Err(Failure::Connect(cause))),
        };
        let waiting = Waiting(self);
        self.meter.ask(request.limit);
        let answer = request.read(connection.send_packed_command(&request.command).await);
        let answer = answer.map_err(|failure| match failure {
            // the client says of half a reply that it makes no sense
            failure if failure.is_nonsense() && self.meter.is_closed() => Failure::Command(closed()),
            failure => failure,
        });
        if answer.as_ref().map_or_else(Failure::is_answer, |_| true) {
            self.meter.answered(request.limit);
        }
        match &answer {
            Ok(_) => waiting.answered(),
            Err(failure) if failure.is_refusal() => waiting.answered(),
            Err(Failure::Command(cause)) if cause.is_timeout() => {}
            Err(_) => self.close(),
        }
        Ok(answer.map_err(|failure| match failure {
            Failure::Command(cause) if self.is_new.load(Relaxed) && cause.is_connection_dropped() => {
                Failure::Closed(cause)
            }
            failure => failure,
        }))
    }

    /// Waits for the connection.
    async fn ready(&self) -> Result<RedisResult<MultiplexedConnection>, Driverless> {
        let mut state = self.state.clone();
        match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
            Ok(State::Ready(connection)) => Ok(Ok(connection.clone())),
            Ok(State::Failed(cause)) => Ok(Err(cause.clone())),
            Ok(State::Connecting | State::Driverless) => Err(Driverless),
            // the task was dropped
            Err(_) => Ok(Err(io::Error::other("the caller's runtime is shutting down").into())),
        }
    }

    /// Closes a connection that broke, or whose answer made no sense: then those to come make none either.
    fn close(&self) {
        self.broken.store(true, Relaxed);
        self.task.abort();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort(); // else it lives until all is sent, and a dead server takes nothing
    }
}

/// A command on its way; dropped without an answer, it counts as unanswered.
struct Waiting<'a>(&'a Connection);

impl Waiting<'_> {
    fn answered(self) {
        self.0.unanswered.store(0, Relaxed);
        self.0.is_new.store(false, Relaxed);
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.unanswered.fetch_add(1, Relaxed);
    }
}

fn closed() -> RedisError {
    io::Error::from(io::ErrorKind::UnexpectedEof).into()
}

async fn drive(
    connector: Connector,
    meter: Arc<Meter>,
    shaking: Arc<AtomicBool>,
    state: watch::Sender<State>,
) {
    // on a task of its own, which catches the panic by which alone tokio says that a driver is missing
    match tokio::spawn(open(connector, meter, shaking)).await {
        Ok(Ok((connection, driver))) => {
            state.send_replace(State::Ready(connection));
            drop(state); // from here on the connection is the callers' alone, and ends with them
            driver.await;
        }
        Ok(Err(cause)) => {
            state.send_replace(State::Failed(cause));
        }
        Err(ended) if ended.is_panic() => {
            state.send_replace(State::Driverless);
            state.closed().await; // remembered as long as the runtime lives
        }
        Err(_) => {} // the runtime is shutting down
    }
}

/// What moves a connection's bytes, as long as it is polled.
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Opens a connection.
async fn open(
    connector: Connector,
    meter: Arc<Meter>,
    shaking: Arc<AtomicBool>,
) -> RedisResult<(MultiplexedConnection, Driver)> {
    let deadline = Instant::now() + CONNECTING;
    let stream = Metered::new(connector.stream(&shaking, deadline).await?, meter);
    let settings = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWERING));
    let login = connector.server.redis_settings();
    let opening = MultiplexedConnection::new_with_config(login, stream, settings);
    let (connection, driver) = timeout_at(deadline, opening).await.map_err(|_| Failure::timeout())??;
    Ok((connection, Box::pin(driver)))
}
