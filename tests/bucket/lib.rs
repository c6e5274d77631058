//! A server of S3 in this process, on a free loopback port: real HTTP, real signatures, objects in a folder.
//!
//! ```
//! let server = dcache_bucket::Server::start();
//! println!("{} with {} and {}", server.place(), dcache_bucket::KEY, dcache_bucket::SECRET);
//! ```

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};

/// The only access key that a server knows.
pub const KEY: &str = "AKIDBUCKETBUCKET";

/// Its secret.
pub const SECRET: &str = "secret/of+the/bucket";

/// The bucket that each server has to begin with.
pub const BUCKET: &str = "shop";

/// What a server makes of requests.
#[derive(Clone, Debug, PartialEq)]
pub enum Mood {
    /// It does what they say.
    Well,
    /// It answers each with these bytes, and closes the connection.
    Says(Vec<u8>),
    /// It reads them and never answers.
    Silent,
}

impl Mood {
    /// Answers with a status and a text.
    pub fn answers(status: &str, kind: &str, text: &str) -> Self {
        let length = text.len();
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n");
        Self::Says(format!("{head}ETag: \"a\"\r\nConnection: close\r\n\r\n{text}").into_bytes())
    }

    /// Refuses with a status and a code, as S3 does: `503 Slow Down`, `SlowDown`.
    pub fn refuses(status: &str, code: &str) -> Self {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>no</Message></Error>"
        );
        Self::answers(status, "application/xml", &text)
    }
}

/// A server that ends when this is dropped.
pub struct Server {
    folder: TempDir,
    port: u16,
    shared: Arc<Shared>,
    mood: watch::Sender<Mood>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

#[derive(Default)]
struct Shared {
    requests: AtomicUsize,
    connections: AtomicUsize,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
}

impl Default for Server {
    fn default() -> Self {
        Self::start()
    }
}

impl Server {
    /// Starts a server with one empty [`BUCKET`].
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(BUCKET)).expect("a bucket");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let mood = watch::Sender::new(Mood::Well);
        let mut server = Self { folder, port, shared: Arc::default(), mood, running: None };
        server.run(listener);
        server
    }

    /// Starts the server again on its port, with the objects it had.
    pub fn restart(&mut self) {
        self.kill();
        let bound = (0..500).find_map(|_| {
            let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port));
            bound.inspect_err(|_| thread::sleep(Duration::from_millis(10))).ok()
        });
        self.run(bound.expect("nobody took the port"));
    }

    fn run(&mut self, listener: TcpListener) {
        listener.set_nonblocking(true).expect("a socket");
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.folder.path()).expect("a folder"));
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let (service, shared, mood) = (service.build(), self.shared.clone(), self.mood.subscribe());
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let work = move || {
            runtime.block_on(async {
                let serving = serve(listener, service, shared, mood);
                tokio::select! {
                    failed = serving => drop(failed.expect("it accepts connections")),
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new().name("bucket".to_owned()).spawn(work).expect("a thread");
        self.running = Some((stop, thread));
    }

    /// Ends the server and its connections; its objects stay.
    pub fn kill(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            let _ = thread.join();
        }
    }

    /// Has all requests from now on be answered like this; connections that there are end.
    pub fn turn(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the endpoint.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the endpoint and the bucket, as a tier is named.
    pub fn place(&self) -> String {
        format!("{}/{BUCKET}", self.url())
    }

    /// Returns the folder of the bucket, in which each object is a file of its name.
    pub fn folder(&self) -> PathBuf {
        self.root().join(BUCKET)
    }

    /// Returns the folder with all buckets.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Returns how many requests there were.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(SeqCst)
    }

    /// Returns how many requests were under way at a time, at most.
    pub fn most_under_way(&self) -> usize {
        self.shared.most_under_way.load(SeqCst)
    }

    /// Returns how many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn serve(
    listener: TcpListener,
    service: S3Service,
    shared: Arc<Shared>,
    mood: watch::Receiver<Mood>,
) -> io::Result<Infallible> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        shared.connections.fetch_add(1, SeqCst);
        let (service, shared, mut mood) = (service.clone(), shared.clone(), mood.clone());
        tokio::spawn(async move {
            let now = mood.borrow_and_update().clone();
            tokio::select! {
                _ = mood.changed() => {}
                () = converse(stream, service, shared, now) => {}
            }
        });
    }
}

async fn converse(mut stream: TcpStream, service: S3Service, shared: Arc<Shared>, mood: Mood) {
    let _ = stream.set_nodelay(true);
    if mood == Mood::Well {
        let serve = service_fn(move |request: hyper::Request<Incoming>| {
            shared.requests.fetch_add(1, SeqCst);
            let (service, shared) = (service.clone(), shared.clone());
            async move {
                let under_way = shared.under_way.fetch_add(1, SeqCst) + 1;
                shared.most_under_way.fetch_max(under_way, SeqCst);
                let answer = service.call(request.map(s3s::Body::from)).await;
                shared.under_way.fetch_sub(1, SeqCst);
                answer
            }
        });
        let mut connection = http1::Builder::new();
        // a client that hangs up ends its own requests only
        let _ = connection.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), serve).await;
        return;
    }
    let (mut head, mut part) = (Vec::new(), [0; 4096]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(length @ 1..) => head.extend_from_slice(&part[..length]),
            _ => return,
        }
    }
    shared.requests.fetch_add(1, SeqCst);
    if let Mood::Says(bytes) = mood {
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
    }
    // what is still sent is read: a reset would overtake the answer
    while matches!(stream.read(&mut part).await, Ok(1..)) {}
}
