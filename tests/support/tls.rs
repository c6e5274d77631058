//! A certificate authority of one's own, and Redis servers that it vouches for.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

use crate::redis::{Server, free_port};

/// An authority that nobody trusts but who is told to.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, in PEM.
    pub pem: String,
}

/// A certificate and its private key, in PEM.
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// Makes an authority.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", free_port()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Vouches for these names until the end of this year.
    pub fn vouch(&self, names: &[&str], last_year: i32) -> Identity {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("good names");
        params.distinguished_name.push(DnType::CommonName, "one that is vouched for");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

/// A Redis that speaks TLS at one port and plain text at another.
pub struct TlsServer {
    /// The server; its own port is the plain one.
    pub server: Server,
    port: u16,
    _files: TempDir,
}

impl TlsServer {
    /// Starts a server with a certificate for 127.0.0.1 and localhost.
    pub fn start(authority: &Authority) -> Self {
        Self::start_with(authority, &authority.vouch(&["127.0.0.1", "localhost"], 4000), &[])
    }

    /// Starts a server with this certificate, and with further arguments.
    pub fn start_with(authority: &Authority, identity: &Identity, arguments: &[&str]) -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            let path = files.path().join(name);
            fs::write(&path, text).expect("it can be written");
            path.display().to_string()
        };
        let (ca, certificate, key) = (
            write("ca.pem", &authority.pem),
            write("certificate.pem", &identity.certificate),
            write("key.pem", &identity.key),
        );
        let port = free_port();
        let port_text = port.to_string();
        let tls = ["--tls-port", &port_text, "--tls-ca-cert-file", &ca];
        let own = ["--tls-cert-file", &certificate, "--tls-key-file", &key];
        // what is said last counts, so the arguments of a test stand behind
        let all = [&tls[..], &own[..], &["--tls-auth-clients", "no"], arguments].concat();
        // a build without TLS refuses the first of these arguments, and says so in the panic
        Self { server: Server::start_with(&all), port, _files: files }
    }

    /// Returns the TLS port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the server's URL for TLS.
    pub fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }
}
