//! A proxy of our own before a real server, for what a real one would never do.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dcache_tests::redis::Server;

/// Stands between callers and a server; it ends with its connections when this is dropped.
pub(super) struct Proxy {
    port: u16,
    line: Arc<Line>,
    thread: Option<JoinHandle<()>>,
}

/// What a proxy does with its connections.
struct Line {
    server: u16,
    /// Answers in the place of the server, for as long as the proxy is mad.
    answer: Box<Answer>,
    is_mad: AtomicBool,
    is_over: AtomicBool,
    /// Milliseconds that each reply is late.
    late: AtomicU64,
    /// Whether before each reply the one before comes again.
    repeats: AtomicBool,
    /// So many of the first connections are silent, without being closed.
    silent: AtomicUsize,
    replies: AtomicUsize,
    streams: Mutex<Vec<(usize, TcpStream)>>,
}

type Answer = dyn Fn(&mut TcpStream) -> io::Result<()> + Send + Sync;

impl Proxy {
    /// Passes on what it gets.
    pub(super) fn honest(server: &Server) -> Self {
        Self::over(listener(), server, false, |_| Ok(()))
    }

    /// Does this with each connection, until it is [healed](Self::heal).
    pub(super) fn mad(
        server: &Server,
        answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::over(listener(), server, true, answer)
    }

    /// Answers each request with this.
    pub(super) fn saying(server: &Server, words: &'static [u8]) -> Self {
        Self::mad(server, move |near| {
            while near.read(&mut [0; 4096])? > 0 {
                near.write_all(words)?;
            }
            Ok(())
        })
    }

    /// Passes on what comes to this listener.
    pub(super) fn at(listener: TcpListener, server: &Server) -> Self {
        Self::over(listener, server, false, |_| Ok(()))
    }

    fn over(
        listener: TcpListener,
        server: &Server,
        is_mad: bool,
        answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(Line {
            server: server.port(),
            answer: Box::new(answer),
            is_mad: AtomicBool::new(is_mad),
            is_over: AtomicBool::new(false),
            late: AtomicU64::new(0),
            repeats: AtomicBool::new(false),
            silent: AtomicUsize::new(0),
            replies: AtomicUsize::new(0),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&line);
        let thread = thread::spawn(move || {
            for (nth, near) in listener.incoming().enumerate() {
                if accepting.is_over.load(SeqCst) {
                    return;
                }
                let (Ok(near), line) = (near, Arc::clone(&accepting)) else { continue };
                thread::spawn(move || line.serve(near, nth));
            }
        });
        Self { port, line, thread: Some(thread) }
    }

    /// Returns the URL of the proxy.
    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Lets each reply be this late.
    pub(super) fn delay(&self, late: Duration) {
        self.line.late.store(late.as_millis() as u64, SeqCst);
    }

    /// Sends before each reply the one before it again, or does so no more.
    pub(super) fn repeat(&self, repeats: bool) {
        self.line.repeats.store(repeats, SeqCst);
    }

    /// Loses all that goes over the connections that there are, which stay open, and serves new ones.
    pub(super) fn lose(&self) {
        self.line.silent.store(usize::MAX, SeqCst);
        let known = self.line.streams.lock().unwrap().len() / 2; // near and far
        self.line.silent.store(known, SeqCst);
    }

    /// Returns how many replies were passed on.
    pub(super) fn replies(&self) -> usize {
        self.line.replies.load(SeqCst)
    }

    /// Closes what mad connections there are; from now on it is honest, and in time.
    pub(super) fn heal(&self) {
        self.line.is_mad.store(false, SeqCst);
        self.delay(Duration::ZERO);
        self.repeat(false);
        self.line.close();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.is_over.store(true, SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)); // wakes who accepts
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.line.close();
    }
}

impl Line {
    fn serve(self: Arc<Self>, mut near: TcpStream, nth: usize) {
        if self.is_mad.load(SeqCst) {
            self.keep(nth, &near);
            let _ = (self.answer)(&mut near);
            self.streams.lock().unwrap().retain(|(of, _)| *of != nth); // it is closed with the last of its handles
            return;
        }
        let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server)) else { return };
        for stream in [&near, &far] {
            let _ = stream.set_nodelay(true);
            self.keep(nth, stream);
        }
        let (Ok(from), Ok(to)) = (near.try_clone(), far.try_clone()) else { return };
        let line = Arc::clone(&self);
        thread::spawn(move || line.pass(from, to, nth, false));
        self.pass(far, near, nth, true);
    }

    fn keep(&self, nth: usize, stream: &TcpStream) {
        self.streams.lock().unwrap().extend(stream.try_clone().map(|stream| (nth, stream)));
    }

    fn pass(&self, mut from: TcpStream, mut to: TcpStream, nth: usize, is_reply: bool) {
        let mut buffer = vec![0; 64 << 10];
        let mut last = Vec::new();
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if nth < self.silent.load(SeqCst) {
                continue;
            }
            let mut bytes = buffer[..length].to_vec();
            if is_reply {
                self.replies.fetch_add(1, SeqCst);
                thread::sleep(Duration::from_millis(self.late.load(SeqCst)));
                let before = std::mem::replace(&mut last, bytes.clone());
                if self.repeats.load(SeqCst) {
                    bytes = [before, bytes].concat();
                }
            }
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn close(&self) {
        for (_, stream) in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// Returns a listener that nobody accepts at and whose queue is full, and the connections that fill it.
pub(super) fn full_listener() -> (TcpListener, Vec<TcpStream>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let listener = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        socket.listen(1).unwrap().into_std().unwrap()
    });
    listener.set_nonblocking(false).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(200));
    let waiting: Vec<_> = std::iter::from_fn(|| connect().ok()).take(100).collect();
    assert!(waiting.len() < 100, "the queue has no end");
    (listener, waiting)
}

/// Lets a connection be closed by a reset (`SO_LINGER` of 0).
pub(super) fn reset(stream: &TcpStream) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    let handle = stream.try_clone()?;
    handle.set_nonblocking(true)?;
    tokio::net::TcpStream::from_std(handle)?.set_zero_linger()
}
