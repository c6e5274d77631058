//! A blocking connection: all within a deadline, and no answer larger than was asked for.
//!
//! The client's own blocking connection has a time limit for each read alone, so that an answer which comes in drops
//! could hold a caller up for ever, and one that never ends could use up the memory.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use redis::{Cmd, ConnectionAddr, ConnectionInfo, Parser, ProtocolVersion, RedisResult, Value, cmd};

use super::command::Request;
use super::fault::Failure;
use super::meter::{FRAME, too_much};

/// A connection to a server.
pub(super) struct Link {
    stream: Stream,
    /// Holds what has been read beyond the last answer.
    parser: Parser,
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
        let mut link = Self { stream, parser: Parser::new(), wait: Duration::ZERO };
        for command in login(server) {
            link.ask(&command, FRAME, deadline)?.extract_error()?;
        }
        Ok(link)
    }

    /// Sends a command, and waits for the answer. After a failure other than a refusal the connection is useless: an
    /// answer may still come.
    pub(super) fn send<T>(&mut self, request: &Request<T>, deadline: Instant) -> Result<T, Failure> {
        request.read(self.ask(&request.command, request.limit.saturating_add(FRAME), deadline))
    }

    fn ask(&mut self, command: &Cmd, limit: u64, deadline: Instant) -> RedisResult<Value> {
        let mut turn = Turn { stream: &mut self.stream, wait: &mut self.wait, deadline, limit };
        turn.write_all(&command.get_packed_command())?;
        self.parser.parse_value(turn)
    }
}

/// The commands that log in. Nothing else is sent: a proxy may refuse it.
fn login(server: &ConnectionInfo) -> impl Iterator<Item = Cmd> {
    let login = server.redis_settings();
    let (user, password) = (login.username(), login.password());
    let hello = (login.protocol() != ProtocolVersion::RESP2).then(|| {
        let mut hello = cmd("HELLO");
        hello.arg(3);
        if let Some(password) = password {
            hello.arg("AUTH").arg(user.unwrap_or("default")).arg(password);
        }
        hello
    });
    let auth = password.filter(|_| hello.is_none()).map(|password| {
        let mut auth = cmd("AUTH");
        auth.arg(user).arg(password);
        auth
    });
    let select = Some(login.db()).filter(|db| *db != 0).map(|db| {
        let mut select = cmd("SELECT");
        select.arg(db);
        select
    });
    hello.into_iter().chain(auth).chain(select)
}

/// What is sent and read for one command.
struct Turn<'a> {
    stream: &'a mut Stream,
    wait: &'a mut Duration,
    deadline: Instant,
    /// So many bytes may still come.
    limit: u64,
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
        let read = match self.stream {
            Stream::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(buffer),
        }?;
        self.limit = self.limit.checked_sub(read as u64).ok_or_else(too_much)?;
        Ok(read)
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
                for address in (host.as_str(), *port).to_socket_addrs()? {
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
            ConnectionAddr::Unix(path) => Ok(Self::Unix(UnixStream::connect(path)?)),
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

/// Returns how long there is until the deadline, in whole milliseconds and at least one.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(Duration::from_millis((left.as_micros() as u64).div_ceil(1000)))
}
