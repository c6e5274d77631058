//! A real Redis of one's own, on a free loopback port; it ends with the test.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A redis-server that ends when this is dropped.
pub struct Server {
    child: Option<Child>,
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    output: Option<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a server, and waits until it answers.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further arguments (`["--requirepass", "secret"]`).
    pub fn start_with(arguments: &[&str]) -> Self {
        let mut said = String::new();
        for _ in 0..10 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
            let mut server = Self { child: None, port: free_port(), folder, arguments, output: None };
            server.restart_without_waiting();
            match server.ready() {
                Ok(()) => return server,
                Err(output) => said = output, // another program may have been faster with the port
            }
        }
        panic!("redis-server cannot be started: {said}");
    }

    /// Starts the server again on its port, and waits until it answers.
    pub fn restart(&mut self) {
        self.restart_without_waiting();
        self.wait_until_ready();
    }

    /// Starts the server again on its port.
    pub fn restart_without_waiting(&mut self) {
        self.kill();
        let mut child = Command::new("redis-server")
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--enable-debug-command",
                "local",
            ])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect(
                "redis-server is needed for this test: `apt-get install redis-server`, or run `tests/run`",
            );
        self.output = child.stdout.take().map(BufReader::new);
        self.child = Some(child);
    }

    /// Waits until the server answers.
    pub fn wait_until_ready(&mut self) {
        self.ready().unwrap_or_else(|said| panic!("redis-server ended: {said}"));
    }

    /// Waits until the server answers; says what it said if it ended instead.
    fn ready(&mut self) -> Result<(), String> {
        let output = self.output.take().expect("it was just started");
        let mut said = String::new();
        for line in output.lines().map_while(Result::ok) {
            if line.contains("eady to accept connections") {
                return Ok(());
            }
            said = said + &line + "\n";
        }
        Err(said)
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the server's URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends the server at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops the server's process from running, its connections staying open.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Sends a command over a connection of its own.
    pub fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).expect("a valid URL");
        let mut connection = client.get_connection().expect("the server answers");
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(word);
        });
        command.query(&mut connection).expect("the command is good")
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill runs").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns a port that nothing listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Tries this again and again until it holds; panics after `limit`.
pub fn wait_until(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < limit, "{what} took longer than {limit:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
    start.elapsed()
}
