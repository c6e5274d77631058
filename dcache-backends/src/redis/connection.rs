//! One runtime's connection, being made or in use.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use redis::{RedisConnectionInfo, RedisError, RedisResult};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::command::Request;
use super::connector::Connector;
use super::fault::Failure;
use super::login::Login;
use super::pipeline::{Driver, Pipeline, closed};
use super::reply::FRAME;

/// How long connecting may take: the look-up of the name, the handshakes and the login.
const CONNECTING: Duration = Duration::from_secs(1);

/// After this many commands in a row without an answer the connection is given up: the network may have lost
/// it without a word, and TCP alone would notice that after a quarter of an hour.
const LOST: u32 = 3;

/// A connection in the hands of one task of its runtime, which makes it and then drives it.
///
/// So a caller that waits no longer does not stop the connecting, and whatever ends the task, be it the server
/// or the end of the runtime, ends the connection.
pub(super) struct Connection {
    state: watch::Receiver<State>,
    /// What `state` says once there is a connection.
    pipeline: OnceLock<Arc<Pipeline>>,
    task: JoinHandle<()>,
    /// Whether it waits for the end of a TLS handshake.
    shaking: Arc<AtomicBool>,
    broken: AtomicBool,
    /// Whether nothing came from there yet.
    is_new: AtomicBool,
    unanswered: AtomicU32,
}

enum State {
    Connecting,
    Ready(Arc<Pipeline>),
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
        let shaking = Arc::new(AtomicBool::new(false));
        let task = runtime.spawn(drive(connector.clone(), shaking.clone(), sender));
        let (broken, is_new) = (AtomicBool::new(false), AtomicBool::new(true));
        let (pipeline, unanswered) = (OnceLock::new(), AtomicU32::new(0));
        Self { state, pipeline, task, shaking, broken, is_new, unanswered }
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
            && (self.pipeline.get().is_some() || !matches!(*self.state.borrow(), State::Failed(_)))
    }

    /// Says whether the connection is closed, as all are whose runtime is gone.
    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Sends a command, as soon as there is a connection.
    ///
    /// Callers may drop this at any time.
    pub(super) async fn send<T>(&self, request: &Request<T>) -> Result<Result<T, Failure>, Driverless> {
        let pipeline = match self.pipeline.get() {
            Some(pipeline) => pipeline,
            None => match self.ready().await? {
                Ok(pipeline) => self.pipeline.get_or_init(|| pipeline),
                Err(cause) => return Ok(Err(Failure::Connect(cause))),
            },
        };
        let waiting = Waiting(self);
        let answer = request.read(pipeline.send(&request.command, request.limit).await);
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
    async fn ready(&self) -> Result<RedisResult<Arc<Pipeline>>, Driverless> {
        let mut state = self.state.clone();
        match state.wait_for(|state| !matches!(state, State::Connecting)).await.as_deref() {
            Ok(State::Ready(pipeline)) => Ok(Ok(pipeline.clone())),
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
        // all callers share these, so nobody writes what is there
        if self.0.unanswered.load(Relaxed) != 0 {
            self.0.unanswered.store(0, Relaxed);
        }
        if self.0.is_new.load(Relaxed) {
            self.0.is_new.store(false, Relaxed);
        }
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.unanswered.fetch_add(1, Relaxed);
    }
}

async fn drive(connector: Connector, shaking: Arc<AtomicBool>, state: watch::Sender<State>) {
    // on a task of its own, which catches the panic by which alone tokio says that a driver is missing
    match tokio::spawn(open(connector, shaking)).await {
        Ok(Ok((pipeline, driver))) => {
            state.send_replace(State::Ready(pipeline));
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

/// Opens a connection.
async fn open(connector: Connector, shaking: Arc<AtomicBool>) -> RedisResult<(Arc<Pipeline>, Driver)> {
    let deadline = Instant::now() + CONNECTING;
    let stream = connector.stream(&shaking, deadline).await?;
    let (pipeline, mut driver) = Pipeline::new(stream);
    let entering = enter(&pipeline, &mut driver, connector.server.redis_settings());
    timeout_at(deadline, entering).await.map_err(|_| Failure::timeout())??;
    Ok((pipeline, driver))
}

/// Logs in.
async fn enter(pipeline: &Pipeline, driver: &mut Driver, settings: &RedisConnectionInfo) -> RedisResult<()> {
    let mut login = Login::new(settings);
    while let Some(command) = login.command() {
        let mut answer = pin!(pipeline.send(&command, FRAME));
        let answer = poll_fn(|cx| {
            // it moves the bytes, and before it ends it says why
            let has_ended = Pin::new(&mut *driver).poll(cx).is_ready();
            match answer.as_mut().poll(cx) {
                Poll::Pending if has_ended => Poll::Ready(Err(driver.end.take().unwrap_or_else(closed))),
                answer => answer,
            }
        });
        login.take(answer.await?)?;
    }
    Ok(())
}
