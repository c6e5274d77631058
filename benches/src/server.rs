//! A Redis of one's own, on a free port of loopback.

use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Ends the server when there is nobody any more who could close its standard input.
const SCRIPT: &str = r#"redis-server "$@" & cat > /dev/null; kill $!; wait"#;

/// A redis-server that ends with this process, however that ends.
pub struct Server {
    port: u16,
    _child: Child,
    _open: Option<ChildStdin>,
}

impl Server {
    /// Starts a server, and waits until it answers.
    pub fn start() -> io::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "sh", "--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let open = child.stdin.take();
        let mut said = String::new();
        let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines);
        for line in lines.map_while(Result::ok) {
            if line.contains("eady to accept connections") {
                return Ok(Self { port, _child: child, _open: open });
            }
            said = said + &line + "\n";
        }
        Err(io::Error::other(format!("redis-server cannot be started: {said}")))
    }

    /// Returns the server's URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}
