//! How a server is reached: the stream that a connection's bytes go over.

use std::io;
use std::pin::Pin;
#[cfg(feature = "redis-tls")]
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
#[cfg(feature = "redis-tls")]
use std::sync::atomic::Ordering::Relaxed;

use redis::{ConnectionAddr, ConnectionInfo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

#[cfg(feature = "redis-tls")]
use crate::tls::Handshake;

/// A server's address, and what it takes to get there. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) server: ConnectionInfo,
    /// What makes its connections TLS ones, if they are to be.
    #[cfg(feature = "redis-tls")]
    pub(super) handshake: Option<Arc<Handshake>>,
}

/// What a connection waits for whose handshake takes long.
pub(super) const SILENT: &str = "no answer to the TLS handshake; does the server speak TLS at this port?";

/// A stream of bytes to a server.
pub(super) type Stream = Pin<Box<dyn Bytes>>;

/// What moves bytes both ways.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Bytes for S {}

impl Connector {
    /// Reaches a server without TLS.
    pub(super) fn plain(server: ConnectionInfo) -> Self {
        Self {
            server,
            #[cfg(feature = "redis-tls")]
            handshake: None,
        }
    }

    /// Opens a stream; shows while it waits for nothing but the end of a TLS handshake.
    pub(super) async fn stream(&self, shaking: &AtomicBool, deadline: Instant) -> io::Result<Stream> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        match self.server.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let connecting = TcpStream::connect((host.as_str(), *port));
                let stream = timeout_at(deadline, connecting).await.map_err(late)??;
                stream.set_nodelay(true)?;
                #[cfg(feature = "redis-tls")]
                if let Some(handshake) = &self.handshake {
                    shaking.store(true, Relaxed);
                    let silent = |_| io::Error::new(io::ErrorKind::TimedOut, SILENT);
                    let shaken = timeout_at(deadline, handshake.shake(host, stream));
                    let stream = shaken.await.map_err(silent)??;
                    shaking.store(false, Relaxed);
                    return Ok(Box::pin(stream));
                }
                let _ = shaking;
                Ok(Box::pin(stream))
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => Ok(Box::pin(tokio::net::UnixStream::connect(path).await?)),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}
