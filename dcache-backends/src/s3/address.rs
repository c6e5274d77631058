//! Where a bucket is: parsed, and redacted for logs.

use http::Uri;
use object_store::path::Path;

use crate::host::is_loopback;

const PLACE: &str = "this is no bucket; write `bucket/prefix`, `s3://bucket/prefix`, or with its endpoint \
    `http://127.0.0.1:9000/bucket/prefix`";
const LOGIN: &str = "credentials do not belong here; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
const BUCKET: &str = "this is no name of a bucket; it has letters, digits, `-`, `_` and `.`";
const PREFIX: &str = "this is no prefix; write names with `/` between them, 400 bytes at most";
const AMAZON: &str =
    "name a bucket of AWS without its endpoint, as in `s3://bucket/prefix`, and its region by AWS_REGION";
const ENDPOINT: &str = "this is no endpoint; write its URL alone, as in `http://127.0.0.1:9000`";

/// A bucket, and the part of it that is used.
#[derive(Debug, PartialEq)]
pub(super) struct Address {
    /// The URL that the server of the bucket has, where the address says so.
    pub(super) endpoint: Option<Endpoint>,
    pub(super) bucket: String,
    /// What the names of all objects begin with: nothing, or with a `/` at its end.
    pub(super) prefix: String,
}

/// The URL of a server that speaks the protocol of S3, without a `/` at its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Endpoint(String);

/// Reads the name of a bucket; on failure says what to write, without quoting anything.
pub(super) fn parse(text: &str) -> Result<Address, &'static str> {
    let (endpoint, rest) = match text.split_once("://") {
        None => (None, text),
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "s3" => (None, rest),
            scheme @ ("http" | "https") => {
                let (server, rest) = rest.split_once('/').unwrap_or((rest, ""));
                (Some(Endpoint::parse(&format!("{scheme}://{server}"))?), rest)
            }
            _ => return Err(PLACE),
        },
    };
    if endpoint.as_ref().is_some_and(|endpoint| endpoint.host().ends_with(".amazonaws.com")) {
        return Err(AMAZON); // the bucket may be in the host
    }
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.contains([':', '@']) {
        return Err(LOGIN);
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if bucket.is_empty() {
        return Err(PLACE);
    }
    // a name of dots alone would be another place in a path
    if bucket.len() > 255 || !bucket.bytes().all(is_name) || !bucket.contains(|c: char| c.is_alphanumeric()) {
        return Err(BUCKET);
    }
    let prefix = Path::parse(prefix).map_err(|_| PREFIX)?;
    // an object's name has 1024 bytes, of which dcache's part may take 600
    let prefix = match prefix.as_ref() {
        prefix if prefix.len() > 400 || prefix.contains(['?', '#']) => return Err(PREFIX),
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    Ok(Address { endpoint, bucket: bucket.to_owned(), prefix })
}

impl Endpoint {
    /// Reads the URL of a server; on failure says what to write, without quoting anything.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let url: Uri = text.trim_end_matches('/').parse().map_err(|_| ENDPOINT)?;
        match (url.scheme_str(), url.authority()) {
            (_, Some(authority)) if authority.as_str().contains('@') => Err(LOGIN),
            (Some("http" | "https"), Some(authority)) if url.query().is_none() && !text.contains('#') => {
                // what follows the host is a port, and a number
                let has_port = authority.as_str().len() > authority.host().len();
                if authority.host().is_empty() || (has_port && authority.port_u16().is_none()) {
                    return Err(ENDPOINT);
                }
                Ok(Self(url.to_string().trim_end_matches('/').to_owned()))
            }
            _ => Err(ENDPOINT),
        }
    }

    /// Returns the URL.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn uri(&self) -> Uri {
        self.0.parse().unwrap_or_default() // it was read before
    }

    fn host(&self) -> String {
        self.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_ascii_lowercase()
    }

    /// Tells whether what is sent there can be read on the way: it leaves this machine without TLS.
    pub(super) fn is_exposed(&self) -> bool {
        self.uri().scheme_str() != Some("https") && !is_loopback(&self.host())
    }
}

impl Address {
    /// Writes the address.
    pub(super) fn redacted(&self) -> String {
        let Self { endpoint, bucket, prefix } = self;
        let server = endpoint.as_ref().map_or("s3:/", Endpoint::as_str);
        format!("{server}/{bucket}/{prefix}").trim_end_matches('/').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_in_several_ways() {
        for (text, shown) in [
            ("shop", "s3://shop"),
            ("shop/", "s3://shop"),
            ("shop/cache/v1", "s3://shop/cache/v1"),
            ("s3://shop/cache/", "s3://shop/cache"),
            ("S3://shop", "s3://shop"),
            ("http://127.0.0.1:9000/shop/cache", "http://127.0.0.1:9000/shop/cache"),
            ("https://0123.r2.cloudflarestorage.com/shop", "https://0123.r2.cloudflarestorage.com/shop"),
            ("http://[::1]:9000/shop", "http://[::1]:9000/shop"),
        ] {
            assert_eq!(parse(text).unwrap().redacted(), shown, "{text}");
        }
        assert_eq!(parse("shop/a/b/").unwrap().prefix, "a/b/");
        assert_eq!(parse("shop").unwrap().prefix, "");
    }

    #[test]
    fn what_names_no_bucket_gets_advice_that_quotes_nothing() {
        for (text, advice) in [
            ("", PLACE),
            ("s3://", PLACE),
            ("/shop", PLACE),
            ("redis://hunter2", PLACE),
            ("http://h:9000", PLACE),
            ("s3://AKIA:hunter2@shop", LOGIN),
            ("http://AKIA:hunter2@h/shop", LOGIN),
            ("hunter2 hunter2", BUCKET),
            ("..", BUCKET),
            ("http://h/..", BUCKET),
            ("shop/..", PREFIX),
            ("shop/a//b", PREFIX),
            ("shop/a?b", PREFIX),
            ("https://shop.s3.eu-west-1.amazonaws.com/cache", AMAZON),
            ("http://h:port/shop", ENDPOINT),
            ("http://:9000/shop", ENDPOINT),
        ] {
            assert_eq!(parse(text).unwrap_err(), advice, "{text}");
        }
        assert_eq!(parse(&format!("shop/{}", "a".repeat(401))).unwrap_err(), PREFIX);
    }

    #[test]
    fn an_endpoint_may_have_a_path_and_nothing_else() {
        for text in ["http://h", "https://h:1", "https://h/storage/v1/s3", "http://h/"] {
            assert_eq!(Endpoint::parse(text).unwrap().as_str(), text.trim_end_matches('/'));
        }
        for text in ["", "h", "h:9000", "ftp://h", "http://", "http://h?a=b", "http://h#a", "http://h:"] {
            assert_eq!(Endpoint::parse(text), Err(ENDPOINT), "{text}");
        }
        assert_eq!(Endpoint::parse("http://AKIA:hunter2@h"), Err(LOGIN));
    }

    #[test]
    fn what_stays_on_this_machine_is_not_exposed() {
        let is_exposed = |text| Endpoint::parse(text).unwrap().is_exposed();
        for text in ["http://127.0.0.1:9000", "http://localhost", "http://[::1]:1", "https://minio"] {
            assert!(!is_exposed(text), "{text}");
        }
        assert!(is_exposed("http://minio:9000") && is_exposed("HTTP://10.0.0.1"));
    }
}
