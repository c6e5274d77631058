//! Which runtime has which connection.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::{Handle, Id};

use super::command::Request;
use super::connection::{Connection, Driverless};
use super::connector::Connector;
use super::fault::Failure;
use crate::io as io_thread;

/// The connections to one server, one for each runtime that uses it.
pub(super) struct Registry {
    connector: Connector,
    /// A program has few runtimes.
    connections: Mutex<Vec<(Id, Arc<Connection>)>>,
}

impl Registry {
    pub(super) fn new(connector: Connector) -> Arc<Self> {
        Arc::new(Self { connector, connections: Mutex::default() })
    }

    /// Says whether a connection waits for the server's part of a TLS handshake.
    pub(super) fn is_shaking(&self) -> bool {
        self.connections().iter().any(|(_, connection)| connection.is_shaking())
    }

    /// Sends a command over the connection of the caller's runtime, or over the I/O thread's where there is no
    /// runtime or where it can hold no connection.
    pub(super) async fn send<T: Send + 'static>(self: &Arc<Self>, request: Request<T>) -> Result<T, Failure> {
        if let Some(runtime) = io_thread::runtime()
            && let Ok(answer) = self.connection(&runtime).send(&request).await
        {
            return answer;
        }
        Box::pin(self.send_from_thread(request)).await
    }

    /// Sends a command over the I/O thread's connection.
    async fn send_from_thread<T: Send + 'static>(
        self: &Arc<Self>,
        request: Request<T>,
    ) -> Result<T, Failure> {
        let registry = Arc::clone(self);
        let work = async move { registry.connection(&Handle::current()).send(&request).await };
        match io_thread::run(work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(Driverless)) => Err(Failure::Connect(io::Error::other("connecting panicked").into())),
            Err(error) => Err(Failure::Thread(error)),
        }
    }

    /// Returns the runtime's connection; begins a new one if there is none or it is broken.
    fn connection(&self, runtime: &Handle) -> Arc<Connection> {
        let (id, mut connections) = (runtime.id(), self.connections());
        if let Some((_, connection)) = connections.iter().find(|(of, _)| *of == id)
            && connection.is_usable()
        {
            return Arc::clone(connection);
        }
        // those of runtimes that are gone closed with them; what is left of them goes now
        connections.retain(|(of, connection)| *of != id && !connection.has_ended());
        let connection = Arc::new(Connection::start(&self.connector, runtime));
        connections.push((id, Arc::clone(&connection)));
        connection
    }

    fn connections(&self) -> MutexGuard<'_, Vec<(Id, Arc<Connection>)>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use redis::IntoConnectionInfo as _;

    use super::*;

    #[test]
    fn runtimes_that_are_gone_are_forgotten() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(); // connecting takes no more
        let server = format!("redis://{}", server.local_addr().unwrap()).into_connection_info().unwrap();
        let registry = Registry::new(Connector::plain(server));
        let known = || registry.connections.lock().unwrap().len();
        for round in 0..50 {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime =
                if round % 10 == 0 { builder.build() } else { builder.enable_all().build() }.unwrap();
            let kept = registry.connection(runtime.handle());
            assert!(Arc::ptr_eq(&kept, &registry.connection(runtime.handle())));
            assert_eq!(known(), 1);
            drop(runtime);
            assert!(kept.has_ended());
        }
    }
}
