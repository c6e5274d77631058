//! A blocking connection: all within a deadline, and no answer larger than was asked for.
//!
//! The client's own blocking connection has a time limit for each read alone, so that an answer which comes in drops
//! could hold a caller up for ever, and one that never ends could use up the memory.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use redis::{ConnectionAddr, ConnectionInfo, RedisResult, Value};

use super::command::Request;
use super::fault::Failure;
use super::login::Login;
use super::pipeline::closed;
use super::reply::{FRAME, Replies};

/// A connection to a server.
pub(super) struct Link {
    stream: Stream,
    /// Holds what has been read beyond the last answer.
    replies: Replies,
    /// How long the socket waits, as last set.
    wait: Duration,
}

enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Link {
    /// Connects and logs in.
    pub(super) fn open(server: &ConnectionInfo, deadline: Instant) -> RedisResult<Self> {
        let stream = Stream::open(server.addr(), deadline)?;
        let mut link = Self { stream, replies: Replies::new(), wait: Duration::ZERO };
        let mut login = Login::new(server.redis_settings());
        while let Some(command) = login.command() {
            login.take(link.ask(&command, FRAME, deadline)?)?;
        }
        Ok(link)
    }

    /// Sends a command, and waits for the answer. After a failure other than a refusal the connection is useless: an
    /// answer may still come.
    pub(super) fn send<T>(&mut self, request: &Request<T>, deadline: Instant) -> Result<T, Failure> {
        request.read(self.ask(&request.command, request.limit, deadline))
    }

    fn ask(&mut self, command: &[u8], limit: u64, deadline: Instant) -> RedisResult<Value> {
        let mut turn = Turn { stream: &mut self.stream, wait: &mut self.wait, deadline };
        turn.write_all(command)?;
        loop {
            if let Some(answer) = self.replies.next(limit)? {
                return Ok(answer);
            }
            match turn.read(self.replies.room()) {
                Ok(0) => return Err(closed()),
                Ok(read) => self.replies.take(read),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause.into()),
            }
        }
    }
}

/// What is sent and read for one command.
struct Turn<'a> {
    stream: &'a mut Stream,
    wait: &'a mut Duration,
    deadline: Instant,
}

impl Turn<'_> {
    /// Lets the socket wait until the deadline.
    fn time(&mut self) -> io::Result<()> {
        let wait = left(self.deadline)?;
        if wait != *self.wait {
            self.stream.wait(wait)?;
            *self.wait = wait;
        }
        Ok(())
    }
}

impl Read for Turn<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.time()?;
        match self.stream {
            Stream::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Turn<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.time()?;
        match self.stream {
            Stream::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream {
    /// Connects, to the first of the server's addresses that accepts.
    fn open(address: &ConnectionAddr, deadline: Instant) -> io::Result<Self> {
        match address {
            ConnectionAddr::Tcp(host, port) => {
                let mut fault = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for address in addresses(host, *port, deadline)? {
                    match TcpStream::connect_timeout(&address, left(deadline)?) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            return Ok(Self::Tcp(stream));
                        }
                        Err(error) => fault = error,
                    }
                }
                Err(fault)
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => {
                let path = path.clone();
                // it waits without a limit where the server's queue is full
                within(deadline, move || UnixStream::connect(path)).map(Self::Unix)
            }
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn wait(&self, wait: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(wait))?;
                stream.set_write_timeout(Some(wait))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(wait))?;
                stream.set_write_timeout(Some(wait))
            }
        }
    }
}

/// Looks a server's name up. That knows no time limit, so it is done on a thread of its own, which may be left behind.
fn addresses(host: &str, port: u16, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let host = host.to_owned();
    within(deadline, move || Ok((host.as_str(), port).to_socket_addrs()?.collect()))
}

/// Does this on a thread of its own, and waits for it no longer than until the deadline.
fn within<T: Send + 'static>(
    deadline: Instant,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new().name("dcache-lookup".to_owned()).spawn(move || sender.send(work()))?;
    receiver.recv_timeout(left(deadline)?).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Returns how long there is until the deadline, in whole milliseconds and at least one.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(Duration::from_millis((left.as_micros() as u64).div_ceil(1000)))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::{Ipv4Addr, TcpListener};

    use redis::IntoConnectionInfo;

    use super::*;

    /// Logs in by this URL, at a server that gives one answer to each command; returns what it was sent.
    fn log_in(url: &str, answers: &'static [&'static str]) -> (RedisResult<()>, Vec<String>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let mut sent = Vec::new();
            let mut answers = answers.iter();
            while let Some(count) = lines.next() {
                let words = 2 * count[1..].parse::<usize>().unwrap();
                let words: Vec<_> =
                    lines.by_ref().take(words).filter(|line| !line.starts_with('$')).collect();
                sent.push(words.join(" "));
                stream.write_all(answers.next().unwrap().as_bytes()).unwrap();
            }
            sent
        });
        let url = url.replace("HOST", &address.to_string());
        let deadline = Instant::now() + Duration::from_secs(60);
        let done = Link::open(&url.into_connection_info().unwrap(), deadline).map(drop);
        (done, server.join().unwrap())
    }

    #[test]
    fn nothing_is_sent_but_what_logs_in() {
        for (url, answers, expected) in [
            ("redis://HOST", &[][..], &[][..]),
            ("redis://HOST/2", &["+OK\r\n"], &["SELECT 2"]),
            ("redis://:p@HOST/2", &["+OK\r\n", "+OK\r\n"], &["AUTH p", "SELECT 2"]),
            ("redis://u:p@HOST", &["+OK\r\n"], &["AUTH u p"]),
            ("redis://u:p@HOST?protocol=resp3", &["%0\r\n"], &["HELLO 3 AUTH u p"]),
            ("redis://:p@HOST?protocol=resp3", &["%0\r\n"], &["HELLO 3 AUTH default p"]),
            (
                "redis://u:p@HOST",
                &["-ERR wrong number of arguments for 'auth' command\r\n", "+OK\r\n"],
                &["AUTH u p", "AUTH p"],
            ),
        ] {
            let (done, sent) = log_in(url, answers);
            done.unwrap();
            assert_eq!(sent, expected, "{url}");
        }
    }

    #[test]
    fn what_knows_no_time_limit_is_left_behind() {
        let start = Instant::now();
        let (sender, receiver) = mpsc::channel::<()>();
        let look_up = move || receiver.recv().map_err(io::Error::other);
        let error = within(start + Duration::from_millis(20), look_up).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(sender);
        assert!(
            addresses("localhost", 7, start + Duration::from_secs(60)).unwrap().iter().all(|a| a.port() == 7)
        );
    }

    #[test]
    fn who_is_not_let_in_sends_no_more() {
        for (url, answer, kind) in [
            ("redis://u:p@HOST/2", "-WRONGPASS no\r\n", None),
            ("redis://HOST/2", "-ERR DB index is out of range\r\n", Some("ERR")),
            ("redis://HOST/2?protocol=resp3", "-ERR unknown command\r\n", None),
        ] {
            let (done, sent) = log_in(url, Vec::leak(vec![answer]));
            assert_eq!((done.unwrap_err().code(), sent.len()), (kind, 1), "{url}");
        }
    }
}
