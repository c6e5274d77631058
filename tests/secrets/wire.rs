//! What a Redis is told.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use dcache_tests::redis::{Server, wait_until};

/// Overhears every command that a server gets.
pub(crate) struct Wire(Arc<Mutex<Vec<String>>>);

impl Wire {
    /// Begins to listen.
    pub(crate) fn tap(server: &Server) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.write_all(b"MONITOR\r\n").unwrap();
        let mut lines = BufReader::new(stream).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "+OK");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ears = Arc::clone(&heard);
        thread::spawn(move || lines.map_while(Result::ok).for_each(|line| ears.lock().unwrap().push(line)));
        Self(heard)
    }

    /// Returns the commands so far, each with its words; values, which are to be there, are left out.
    pub(crate) fn commands(&self, server: &Server) -> Vec<String> {
        let _: String = server.command(&["ECHO", "that is all"]);
        let heard = || self.0.lock().unwrap().clone();
        wait_until(Duration::from_secs(10), "overhearing", || {
            heard().iter().any(|line| line.contains("that is all"))
        });
        let without_value = |line: String| match line.split_once("\"SET\" ") {
            Some((_, words)) => format!("SET {}", words.split("\" \"").next().unwrap()),
            None => line,
        };
        heard().into_iter().map(without_value).collect()
    }
}
