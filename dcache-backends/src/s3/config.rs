//! [`S3`]: a bucket, and the client of it.

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::Uri;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, RetryConfig};
use tokio::sync::Semaphore;

use super::address::{self, Address, Endpoint};
use super::connector::Connector;
use super::environment::{Environment, Login, verify_region};
use super::fault::TIER;
use super::transport::Transport;
use crate::tls::{Handshake, Tls};
use crate::{Error, ErrorKind, Operation};

/// A bucket of S3, or of anything else that speaks its protocol, as a tier.
///
/// Cheap to clone; clones share their connections.
///
/// ```no_run
/// use std::time::Duration;
/// use dcache_backends::s3::S3;
/// use dcache_backends::{Backend, Bytes, Key, Scope};
///
/// # async fn example() -> Result<(), dcache_backends::Error> {
/// let s3 = S3::connect("shop-cache/v1")?;
/// let key = Key::new(&Scope::new("shop", "quote"), "42");
/// s3.set(&key, Bytes::from("entry"), Some(Duration::from_secs(60))).await?;
/// assert_eq!(s3.get(&key).await?, Some(Bytes::from("entry")));
/// # Ok(())
/// # }
/// ```
///
/// # Objects that nobody asks for any more
///
/// S3 removes nothing by itself: an entry says when it expires, and one that has is not used, but it stays. So give the
/// bucket a lifecycle rule for the prefix, with a few days more than the longest time to live:
///
/// ```json
/// { "Rules": [{ "ID": "dcache", "Status": "Enabled", "Filter": { "Prefix": "v1/" }, "Expiration": { "Days": 31 } }] }
/// ```
///
/// `aws s3api put-bucket-lifecycle-configuration --bucket shop-cache --lifecycle-configuration file://rule.json`. Leave
/// versioning off: it would keep each entry that was ever written.
#[derive(Clone)]
pub struct S3(Arc<Inner>);

pub(super) struct Inner {
    pub(super) address: String,
    is_exposed: bool,
    pub(super) prefix: String,
    /// Removes many objects by one request.
    pub(super) store: AmazonS3,
    /// Removes them one by one, as every server can.
    pub(super) single: AmazonS3,
    pub(super) budget: Duration,
    /// Whether the bucket is known to be there.
    pub(super) is_known: AtomicBool,
    pub(super) under_way: Semaphore,
}

/// How many requests may be under way at a time.
const AT_ONCE: usize = 128;

/// Names a bucket and what the environment does not say of it; see [`S3::builder`].
#[derive(Clone)]
#[must_use = "nothing is connected before `connect`"]
pub struct S3Builder {
    place: String,
    endpoint: Option<String>,
    region: Option<String>,
    login: Option<Login>,
    tls: Option<Tls>,
    budget: Duration,
}

impl S3 {
    /// How long one operation may take unless told otherwise: 2 s.
    pub const TIME_BUDGET: Duration = Duration::from_secs(2);

    /// Names a bucket; credentials, region and endpoint are in the environment, by the variables of the AWS tools.
    ///
    /// | | |
    /// |---|---|
    /// | `shop-cache` | a bucket |
    /// | `shop-cache/v1` | what is in it below `v1/`; also `s3://shop-cache/v1` |
    /// | `http://127.0.0.1:9000/shop-cache/v1` | a bucket of the server at this endpoint: MinIO, R2, Ceph… |
    ///
    /// | variable | |
    /// |---|---|
    /// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | the credentials; without them those of the role that the machine, the container or the pod has (`AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_CONTAINER_CREDENTIALS_FULL_URI`, the instance's metadata, …), renewed before they expire |
    /// | `AWS_REGION`, else `AWS_DEFAULT_REGION` | the bucket's region; by default `us-east-1` |
    /// | `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL` | the server, where it is none of AWS; one that begins with `http://` is spoken to in plain text |
    /// | `AWS_CA_BUNDLE` | a PEM file with the authorities that are trusted; by default the machine's, or those of `SSL_CERT_FILE` |
    ///
    /// Profiles in `~/.aws` and proxies are not supported: `aws configure export-credentials --format env` makes
    /// variables of a profile. At an endpoint of one's own the bucket stands in the path, as MinIO and the like want it.
    ///
    /// Checks what it is given and sends nothing; fails with [`ErrorKind::Config`], and the error says what to write and
    /// quotes nothing. That the bucket exists and lets this user in is found at the first use, or by
    /// [`check`](crate::Backend::check).
    ///
    /// ```
    /// use dcache_backends::s3::S3;
    ///
    /// let s3 = S3::connect("http://127.0.0.1:9000/shop-cache/v1")?;
    /// assert_eq!(s3.address(), "http://127.0.0.1:9000/shop-cache/v1");
    ///
    /// let error = S3::connect("s3://AKIA:secret@shop-cache").unwrap_err();
    /// assert!(error.to_string().contains("AWS_ACCESS_KEY_ID"));
    /// # Ok::<(), dcache_backends::Error>(())
    /// ```
    pub fn connect(place: &str) -> Result<Self, Error> {
        Self::builder(place).connect()
    }

    /// Names a bucket as [`connect`](Self::connect) does, to say more of it than the environment does.
    ///
    /// ```
    /// use dcache_backends::s3::S3;
    ///
    /// let s3 = S3::builder("shop-cache/v1")
    ///     .endpoint("http://127.0.0.1:9000")
    ///     .credentials("minioadmin", "minioadmin")
    ///     .connect()?;
    /// assert_eq!(s3.address(), "http://127.0.0.1:9000/shop-cache/v1");
    /// # Ok::<(), dcache_backends::Error>(())
    /// ```
    pub fn builder(place: &str) -> S3Builder {
        S3Builder {
            place: place.to_owned(),
            endpoint: None,
            region: None,
            login: None,
            tls: None,
            budget: Self::TIME_BUDGET,
        }
    }

    /// Returns the bucket's address for logs.
    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// Tells whether what is sent to the bucket can be read on the way: without TLS to another machine.
    ///
    /// ```
    /// use dcache_backends::s3::S3;
    ///
    /// assert!(S3::connect("http://10.0.0.7:9000/shop-cache")?.is_exposed());
    /// assert!(!S3::connect("http://localhost:9000/shop-cache")?.is_exposed());
    /// # Ok::<(), dcache_backends::Error>(())
    /// ```
    pub fn is_exposed(&self) -> bool {
        self.0.is_exposed
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }
}

impl S3Builder {
    /// Sets the URL of the server; default `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else that of AWS.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Sets the region; default `AWS_REGION`, `AWS_DEFAULT_REGION`, else `us-east-1`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the access key and its secret, in place of those in the environment.
    pub fn credentials(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        let token = self.login.take().and_then(|login| login.token);
        self.login = Some(Login { key: key.into(), secret: secret.into(), token });
        self
    }

    /// Sets the token that belongs to credentials of a session; it counts beside [`credentials`](Self::credentials).
    pub fn session_token(mut self, token: impl Into<String>) -> Self {
        self.login.get_or_insert_default().token = Some(token.into());
        self
    }

    /// Sets who is trusted, and what is presented; default `AWS_CA_BUNDLE`, else what the machine trusts.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets how long one operation may usually take here; default 2 s. A bucket that takes longer counts as failing.
    pub fn time_budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Checks all of it; sends nothing. Fails with [`ErrorKind::Config`].
    pub fn connect(self) -> Result<S3, Error> {
        let budget = self.budget;
        let environment = Environment(|name: &str| std::env::var(name).ok());
        let mut address = address::parse(&self.place).map_err(unusable)?;
        if let Some(url) = &self.endpoint {
            address.endpoint = Some(Endpoint::parse(url).map_err(unusable)?);
        } else if address.endpoint.is_none() {
            address.endpoint = environment.endpoint().map_err(unusable)?;
        }
        let builder = self.store(&address, &environment).map_err(unusable)?;
        let tls = match (self.tls, environment.authorities()) {
            (Some(tls), _) => tls,
            (None, Some(path)) => Tls::new().trust(fs::read(path).map_err(|cause| {
                unusable("the file that AWS_CA_BUNDLE names cannot be read").with_source(cause)
            })?),
            (None, None) => Tls::new(),
        };
        let connector = Connector::new(Handshake::new(tls).map_err(unusable)?);
        let home = home(&address, &builder);
        let transport =
            Transport::new(connector, home.ok_or_else(|| unusable("the endpoint makes no sense"))?);
        // the client's words may quote what it was given
        let failed = |_| unusable("the client refuses this bucket, endpoint or region");
        let store = builder.clone().with_http_connector(transport.clone()).build().map_err(failed)?;
        let single = builder
            .with_http_connector(transport)
            .with_credentials(store.credentials().clone())
            .with_disable_bulk_delete(true)
            .build()
            .map_err(failed)?;
        Ok(S3(Arc::new(Inner {
            is_exposed: address.endpoint.as_ref().is_some_and(Endpoint::is_exposed),
            address: address.redacted(),
            prefix: address.prefix,
            store,
            single,
            budget,
            is_known: AtomicBool::new(false),
            under_way: Semaphore::new(AT_ONCE),
        })))
    }

    fn store<F: Fn(&str) -> Option<String>>(
        &self,
        address: &Address,
        environment: &Environment<F>,
    ) -> Result<AmazonS3Builder, &'static str> {
        let mut builder = AmazonS3Builder::new().with_bucket_name(&address.bucket).with_retry(RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(50),
                max_backoff: Duration::from_millis(200),
                base: 2.0,
            },
            max_retries: 2,
            retry_timeout: S3::TIME_BUDGET,
        });
        let region = self.region.clone().or_else(|| environment.region());
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        verify_region(&region)?;
        builder = builder.with_region(&region);
        builder = match &address.endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint.as_str()),
            // a certificate for `*.s3.….amazonaws.com` has no dot at the star
            None => builder.with_virtual_hosted_style_request(!address.bucket.contains('.')),
        };
        let login = self.login.clone().filter(|login| !login.key.is_empty());
        match login.map_or_else(|| environment.login(), |login| Ok(Some(login)))? {
            Some(login) => {
                login.verify()?;
                builder = builder.with_access_key_id(login.key).with_secret_access_key(login.secret);
                Ok(match login.token {
                    Some(token) => builder.with_token(token),
                    None => builder,
                })
            }
            None => environment.roles(builder),
        }
    }
}

/// Returns the server of a bucket.
fn home(address: &Address, builder: &AmazonS3Builder) -> Option<http::uri::Authority> {
    use object_store::aws::AmazonS3ConfigKey::Region;
    let url = match &address.endpoint {
        Some(endpoint) => endpoint.as_str().to_owned(),
        None => {
            let (bucket, region) = (&address.bucket, builder.get_config_value(&Region)?);
            match bucket.contains('.') {
                true => format!("https://s3.{region}.amazonaws.com"),
                false => format!("https://{bucket}.s3.{region}.amazonaws.com"),
            }
        }
    };
    url.parse::<Uri>().ok()?.into_parts().authority
}

fn unusable(advice: &'static str) -> Error {
    Error::new(ErrorKind::Config, Operation::Configure).with_tier(TIER).with_context(advice)
}

/// Shows the address alone.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("S3").field(&self.address()).finish()
    }
}

/// Shows nothing of what it was given, since a secret may stand anywhere in it.
impl fmt::Debug for S3Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Builder").field("time_budget", &self.budget).finish_non_exhaustive()
    }
}
