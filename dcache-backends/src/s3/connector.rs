//! How an endpoint is reached: TCP, and TLS over it.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use crate::tls::Handshake;

/// How long each address of a host may take to answer.
const CONNECTING: Duration = Duration::from_millis(500);

/// How long a handshake may take.
const SHAKING: Duration = Duration::from_secs(1);

/// Reaches endpoints. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    handshake: Arc<Handshake>,
}

impl Connector {
    pub(super) fn new(handshake: Handshake) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false); // `https` as well
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECTING));
        Self { tcp, handshake: Arc::new(handshake) }
    }
}

type Reaching =
    Pin<Box<dyn Future<Output = Result<Stream, Box<dyn std::error::Error + Send + Sync>>> + Send>>;

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Reaching;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, endpoint: Uri) -> Reaching {
        let handshake = (endpoint.scheme_str() == Some("https")).then(|| self.handshake.clone());
        let host = endpoint.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let connecting = self.tcp.call(endpoint);
        Box::pin(async move {
            let stream = connecting.await?;
            let Some(handshake) = handshake else { return Ok(Stream::Plain(stream)) };
            let shaken = timeout(SHAKING, handshake.shake(&host, stream.into_inner())).await;
            let silent = |_| io::Error::new(io::ErrorKind::TimedOut, SILENT);
            Ok(Stream::Tls(Box::new(TokioIo::new(shaken.map_err(silent)??))))
        })
    }
}

const SILENT: &str = "no answer to the TLS handshake; does the server speak TLS at this port?";

/// A stream of bytes to an endpoint.
pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Does the same with either.
macro_rules! either {
    ($stream:expr, $one:ident => $work:expr) => {
        match $stream {
            Stream::Plain(stream) => {
                let $one = Pin::new(stream);
                $work
            }
            Stream::Tls(stream) => {
                let $one = Pin::new(&mut **stream);
                $work
            }
        }
    };
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self.get_mut(), one => one.poll_read(context, buffer))
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), one => one.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), one => one.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), one => one.poll_shutdown(context))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), one => one.poll_write_vectored(context, slices))
    }
}
