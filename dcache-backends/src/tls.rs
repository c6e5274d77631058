//! TLS: whom to trust, and what a handshake failed for.

use std::borrow::Cow;
use std::sync::Arc;
use std::{error, fmt, io};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsConnector, rustls};

use crate::ErrorKind;

/// Whom a client of a `rediss://` server or an `https://` endpoint trusts, and who it says it is.
///
/// ```
/// # #[cfg(feature = "redis-tls")] {
/// use dcache_backends::redis::{Redis, Tls};
///
/// let error = Redis::connect_with("rediss://10.0.0.7", Tls::new().trust("no certificate")).unwrap_err();
/// assert!(error.to_string().contains("PEM"));
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Tls {
    roots: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Vec<u8>)>,
}

impl Tls {
    /// Trusts the certificate authorities that the machine trusts, and presents no certificate.
    ///
    /// Those are the system's; where the variables `SSL_CERT_FILE` (a PEM file) or `SSL_CERT_DIR` (folders of
    /// them) are set, those named there instead. They are read once, at the first connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts these certificate authorities (PEM, one or many) and no others.
    #[must_use]
    pub fn trust(mut self, roots: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(roots.into());
        self
    }

    /// Presents this certificate with its chain and its private key (PEM), as a server with
    /// `tls-auth-clients yes` asks for.
    #[must_use]
    pub fn identity(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some((certificates.into(), key.into()));
        self
    }
}

/// Shows what was given, not what is in it.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = if self.roots.is_some() { "its own" } else { "the machine's" };
        let identity = if self.identity.is_some() { "***" } else { "none" };
        let (roots, identity) = (format_args!("{roots}"), format_args!("{identity}"));
        f.debug_struct("Tls").field("trust", &roots).field("identity", &identity).finish()
    }
}

/// What is needed to make TCP connections TLS ones.
pub(crate) struct Handshake {
    roots: Option<Vec<CertificateDer<'static>>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    /// Made at the first connection, and kept: it remembers sessions, so that the next handshake is short.
    config: OnceCell<Arc<ClientConfig>>,
}

impl Handshake {
    /// Reads the PEM texts; says what is wrong with them, without quoting any.
    pub(crate) fn new(tls: Tls) -> Result<Self, &'static str> {
        let roots = tls.roots.map(|pem| certificates(&pem)).transpose()?;
        let identity = match tls.identity {
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| KEY)?;
                Some((certificates(&chain)?, key))
            }
            None => None,
        };
        Ok(Self { roots, identity, config: OnceCell::new() })
    }

    /// Shakes hands over this stream; verifies that the server is this host.
    pub(crate) async fn shake(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Fault(NAME.into()))?;
        let config = self.config.get_or_try_init(|| self.config()).await?;
        TlsConnector::from(Arc::clone(config)).connect(name, stream).await
    }

    async fn config(&self) -> io::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        let mut faults = Vec::new();
        match &self.roots {
            Some(own) => roots.add_parsable_certificates(own.iter().cloned()),
            None => {
                // a hundred small files
                let load = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs);
                let found = load.await.map_err(io::Error::other)?;
                faults = found.errors;
                roots.add_parsable_certificates(found.certs)
            }
        };
        if roots.is_empty() {
            let found = faults.first().map(|fault| format!(" ({fault})")).unwrap_or_default();
            return Err(Fault(format!("{NO_ROOTS}{found}").into()).into());
        }
        // the program's own provider, if it installed one. Ours is installed for nobody: a program that installs
        // its own later would fail
        let provider = CryptoProvider::get_default().cloned();
        let provider = provider.unwrap_or_else(|| Arc::new(ring::default_provider()));
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?.with_root_certificates(roots);
        let config = match &self.identity {
            Some((chain, key)) => config.with_client_auth_cert(chain.clone(), key.clone_key()),
            None => Ok(config.with_no_client_auth()),
        };
        config.map(Arc::new).map_err(|cause| Fault(format!("{IDENTITY}: {cause}").into()).into())
    }
}

const ROOTS: &str = "this is no PEM text with certificates; it begins with `-----BEGIN CERTIFICATE-----`";
const KEY: &str = "this is no PEM text with a private key; it begins with `-----BEGIN PRIVATE KEY-----`";
const NAME: &str = "the host is no name that a certificate can have; write a DNS name or an IP address";
const NO_ROOTS: &str = "this machine trusts no certificate authority; install `ca-certificates`, or name a PEM file \
    in SSL_CERT_FILE";
const IDENTITY: &str = "the certificate and the private key cannot be used";

fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let found: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(text).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or(ROOTS)
}

/// A fault that is ours to word.
#[derive(Debug)]
struct Fault(Cow<'static, str>);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Fault {}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// What a tier calls things, for advice.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    /// Where authorities and certificates are given, beside SSL_CERT_FILE.
    pub(crate) setting: &'static str,
    /// How a URL without TLS begins.
    pub(crate) plain: &'static str,
}

/// Says what a fault of TLS is and what to do about it; `None` for other faults.
pub(crate) fn advice(cause: &io::Error, terms: Terms) -> Option<(ErrorKind, Cow<'static, str>)> {
    let Terms { setting, plain } = terms;
    let inner = cause.get_ref()?;
    if let Some(Fault(words)) = inner.downcast_ref() {
        return Some((ErrorKind::Config, words.clone()));
    }
    let config = |words: &'static str| Some((ErrorKind::Config, words.into()));
    match inner.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(fault) => match fault {
            // a signature is bad where an authority of the same name is trusted
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                let advice = format!(
                    "the server's certificate is by no authority that is trusted here; name its authority in \
                     SSL_CERT_FILE, or by {setting}"
                );
                Some((ErrorKind::Config, advice.into()))
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                config("the server's certificate is for another host; name the host as the certificate does")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                config("the server's certificate has expired; renew it, or set this machine's clock")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                config("the server's certificate is not valid yet; is this machine's clock right?")
            }
            fault => {
                Some((ErrorKind::Config, format!("the server's certificate is refused: {fault}").into()))
            }
        },
        rustls::Error::InvalidMessage(_) => {
            let advice = format!(
                "the server speaks no TLS at this port; write `{plain}`, or the port at which it does speak TLS"
            );
            Some((ErrorKind::Config, advice.into()))
        }
        rustls::Error::PeerIncompatible(_) => {
            config("the server and dcache have no version or cipher of TLS in common; dcache has 1.2 and 1.3")
        }
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => {
                let advice =
                    format!("the server asks for a certificate of the client; give it one by {setting}");
                Some((ErrorKind::Denied, advice.into()))
            }
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied => {
                Some((ErrorKind::Denied, format!("the server refuses the client: {alert:?}").into()))
            }
            alert => Some((ErrorKind::Config, format!("the server ended the handshake: {alert:?}").into())),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let tls = Tls::new().trust("hunter2").identity("hunter2", "hunter2");
        assert_eq!(format!("{tls:?}"), "Tls { trust: its own, identity: *** }");
        assert_eq!(format!("{:?}", Tls::new()), "Tls { trust: the machine's, identity: none }");
        for (tls, advice) in [(Tls::new().trust("hunter2"), ROOTS), (Tls::new().identity("", "hunter2"), KEY)]
        {
            assert_eq!(Handshake::new(tls).err(), Some(advice));
        }
    }
}
