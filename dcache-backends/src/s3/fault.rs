//! What an answer, or the want of one, means.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::{fmt, io};

use http::{HeaderMap, StatusCode};

use crate::tls::{self, Terms};
use crate::{Error, ErrorKind, Operation};

/// The tier's name.
pub(super) const TIER: &str = "s3";

const NOT_S3: &str = "this is no answer of S3; is the endpoint right?";
const NO_LOGIN: &str = "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine \
    or container a role; profiles in files are not read";
const RIGHTS: &str = "the user needs s3:GetObject, s3:PutObject and s3:DeleteObject on these objects, and s3:ListBucket \
    on the bucket, without which a missing object is refused as well";
const REGION: &str = "the bucket is in another region; name that by AWS_REGION";
const LOGIN: &str = "the credentials are refused";

/// What one request came to, if not to an answer that can be used.
///
/// It may hold nothing that a server sent: the client logs it.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no connection, or it broke.
    Io { is_connecting: bool, kind: ErrorKind, text: Cow<'static, str> },
    /// There was no answer in time.
    Late,
    /// What came is no HTTP, or nothing that this request can be answered with.
    Nonsense,
    /// What came has no end.
    Endless,
    /// The server refused the request.
    Refused(Refusal),
}

/// A server's refusal: of its words only those that are known to be harmless.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// The error's code, such as `NoSuchBucket`.
    code: String,
    /// Where the bucket is.
    region: Option<String>,
}

impl Refusal {
    /// Reads an answer that is not one of success.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let region = headers.get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let region = region.filter(|region| is_region(region)).map(str::to_owned);
        Self { status, code: code(body).unwrap_or_default(), region }
    }

    /// Tells whether there is no object of that name, in a bucket that there is.
    pub(super) fn is_missing(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.code == "NoSuchKey"
    }

    /// Tells whether there is no bucket of that name.
    pub(super) fn is_of_bucket(&self) -> bool {
        self.code == "NoSuchBucket"
    }

    /// Tells whether the server does not know the request at all.
    pub(super) fn is_unknown_request(&self) -> bool {
        matches!(self.status.as_u16(), 405 | 501) || self.code == "NotImplemented"
    }

    /// Tells whether the request was not carried out now, and may be the next time.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.status.as_u16(), 429 | 500 | 502 | 503)
            || matches!(&*self.code, "SlowDown" | "InternalError" | "ServiceUnavailable")
    }

    /// Tells whether nobody knows if the request was carried out.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status.as_u16(), 408 | 504)
    }

    fn meaning(&self) -> (ErrorKind, Cow<'static, str>) {
        let status = self.status.as_u16();
        let told = |kind, text: &'static str| (kind, Cow::from(text));
        let login = |text: &str| (ErrorKind::Denied, format!("{LOGIN}: {text}").into());
        match &*self.code {
            "NoSuchBucket" => told(ErrorKind::Config, "there is no such bucket; create it, or name another"),
            "InvalidBucketName" => told(ErrorKind::Config, "no bucket can have this name"),
            "InvalidAccessKeyId" | "NotSignedUp" | "InvalidClientTokenId" => {
                login("the server has no such access key")
            }
            "SignatureDoesNotMatch" => login("the secret is not that of the access key"),
            "ExpiredToken" | "RequestExpired" => login("they have expired"),
            "InvalidToken" => login("AWS_SESSION_TOKEN is not that of the access key"),
            "RequestTimeTooSkewed" => told(ErrorKind::Denied, "this machine's clock is not the server's"),
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException" => self.elsewhere(),
            "AccessDenied" | "AllAccessDisabled" => told(ErrorKind::Denied, RIGHTS),
            "SlowDown" | "TooManyRequests" | "RequestLimitExceeded" => {
                told(ErrorKind::Unavailable, "the server asks for fewer requests")
            }
            "QuotaExceeded" | "InsufficientCapacity" | "StorageFull" | "XMinioStorageFull" => {
                told(ErrorKind::Full, "")
            }
            "EntityTooLarge" => told(ErrorKind::TooLarge, ""),
            "InvalidObjectState" => {
                told(ErrorKind::Other, "the object was archived; leave this prefix out of that")
            }
            _ => match status {
                301 | 302 | 307 | 308 => self.elsewhere(),
                401 => login("no reason is given"),
                403 => told(ErrorKind::Denied, RIGHTS),
                507 => told(ErrorKind::Full, ""),
                429 | 500.. => {
                    (ErrorKind::Unavailable, format!("the server answers with status {status}").into())
                }
                408 => told(ErrorKind::Timeout, ""),
                _ if self.code.is_empty() => told(ErrorKind::Protocol, NOT_S3),
                _ => (
                    ErrorKind::Other,
                    format!("the server answers with status {status}, {}", self.code).into(),
                ),
            },
        }
    }

    fn elsewhere(&self) -> (ErrorKind, Cow<'static, str>) {
        let text = match &self.region {
            Some(region) => format!("the bucket is in the region {region}; name that by AWS_REGION").into(),
            None => REGION.into(),
        };
        (ErrorKind::Config, text)
    }
}

/// Finds the code in the text of a refusal: letters, as in `<Code>SlowDown</Code>`.
fn code(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = (2..=39).contains(&code.len())
        && code.bytes().all(|letter| letter.is_ascii_alphabetic())
        && code.starts_with(|letter: char| letter.is_ascii_uppercase());
    is_code.then(|| code.to_owned())
}

/// Tells what is formed like `eu-central-1`.
fn is_region(text: &str) -> bool {
    let (name, number) = text.rsplit_once('-').unwrap_or_default();
    number.len() == 1
        && number.bytes().all(|digit| digit.is_ascii_digit())
        && (4..=24).contains(&name.len())
        && name.contains('-')
        && name.bytes().all(|letter| letter == b'-' || letter.is_ascii_lowercase())
}

impl Fault {
    /// Reads what the HTTP client says.
    pub(super) fn of(cause: &(dyn StdError + 'static), is_connecting: bool) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            if let Some(cause) = cause.downcast_ref::<io::Error>() {
                return Self::of_io(cause, is_connecting);
            }
            match cause.downcast_ref::<hyper::Error>() {
                Some(cause) if cause.is_parse() => return Self::Nonsense,
                Some(cause) if cause.is_incomplete_message() => {
                    let text = "the server closed the connection before its answer was complete".into();
                    return Self::Io { is_connecting, kind: ErrorKind::Unavailable, text };
                }
                _ => {}
            }
            if cause.is::<http_body_util::LengthLimitError>() {
                return Self::Endless;
            }
            next = cause.source();
        }
        Self::Io { is_connecting, kind: ErrorKind::Unavailable, text: "the connection broke".into() }
    }

    fn of_io(cause: &io::Error, is_connecting: bool) -> Self {
        let terms = Terms { setting: "`S3Builder::tls`", plain: "http://" };
        let (kind, text) = match (tls::advice(cause, terms), cause.kind()) {
            (Some(advice), _) => advice,
            // the client's own words: "deadline has elapsed"
            (None, io::ErrorKind::TimedOut) if cause.get_ref().is_some_and(|own| !own.is::<io::Error>()) => {
                (ErrorKind::Timeout, "no connection".into())
            }
            (None, io::ErrorKind::TimedOut) => (ErrorKind::Timeout, Cow::default()),
            (None, io::ErrorKind::PermissionDenied) => (ErrorKind::Denied, cause.to_string().into()),
            (None, _) => (ErrorKind::Unavailable, cause.to_string().into()), // the operating system's words
        };
        Self::Io { is_connecting, kind, text }
    }

    /// Finds what happened in what the client made of it.
    fn within<'e>(cause: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        let mut next = Some(cause);
        while let Some(cause) = next {
            if let Some(fault) = cause.downcast_ref() {
                return Some(fault);
            }
            next = cause.source();
        }
        None
    }

    fn meaning(&self) -> (ErrorKind, Cow<'static, str>) {
        match self {
            Self::Io { kind, text, .. } => (*kind, text.clone()),
            Self::Late => (ErrorKind::Timeout, Cow::default()),
            Self::Nonsense => (ErrorKind::Protocol, NOT_S3.into()),
            Self::Endless => (ErrorKind::Protocol, "an answer is longer than it may be".into()),
            Self::Refused(refusal) => refusal.meaning(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning() {
            (kind, Cow::Borrowed("")) => write!(f, "{kind:?}"),
            (_, text) => f.write_str(&text),
        }
    }
}

impl StdError for Fault {}

/// Why an operation brought nothing that can be used.
#[derive(Debug)]
pub(super) enum Failure {
    /// The bucket did not do it.
    Store(object_store::Error),
    /// There are no credentials to ask it with.
    Login(object_store::Error),
    /// The entry is larger than the caller wants it.
    TooLarge,
    /// The entry is not as long as the server says.
    Length,
    /// The I/O thread is not there.
    Thread(Error),
}

impl From<object_store::Error> for Failure {
    fn from(cause: object_store::Error) -> Self {
        Self::Store(cause)
    }
}

impl Failure {
    /// Returns the server's refusal, if there is one.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Store(cause) => match Fault::within(cause) {
                Some(Fault::Refused(refusal)) => Some(refusal),
                _ => None,
            },
            _ => None,
        }
    }

    /// Makes the error that a caller gets, about the bucket at this address.
    pub(super) fn into_error(self, operation: Operation, address: &str) -> Error {
        let (operation, (kind, text)) = match &self {
            Self::Store(cause) => match Fault::within(cause) {
                Some(fault @ Fault::Io { is_connecting: true, .. }) => (Operation::Connect, fault.meaning()),
                Some(fault) => (operation, fault.meaning()),
                // what the client itself makes nothing of
                None => (operation, (ErrorKind::Protocol, NOT_S3.into())),
            },
            Self::Login(cause) => (Operation::Connect, Self::no_login(Fault::within(cause))),
            Self::TooLarge => (operation, (ErrorKind::TooLarge, Cow::default())),
            Self::Length => {
                (operation, (ErrorKind::Protocol, "the object is not as long as announced".into()))
            }
            Self::Thread(_) => (operation, (ErrorKind::Other, Cow::default())),
        };
        if let Self::Thread(error) = self {
            return error.with_tier(TIER);
        }
        let separator = if text.is_empty() { "" } else { ": " };
        Error::new(kind, operation).with_tier(TIER).with_context(format!("{address}{separator}{text}"))
    }

    /// Says why there are no credentials.
    fn no_login(fault: Option<&Fault>) -> (ErrorKind, Cow<'static, str>) {
        match fault {
            Some(Fault::Refused(refusal)) if refusal.is_passing() => {
                (ErrorKind::Unavailable, "there are no credentials: their service is not available".into())
            }
            Some(Fault::Refused(Refusal { status, .. })) => {
                let text = format!(
                    "there are no credentials: their service answers with status {}",
                    status.as_u16()
                );
                (ErrorKind::Denied, text.into())
            }
            _ => (ErrorKind::Config, NO_LOGIN.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str) -> (ErrorKind, String) {
        let body =
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>hunter2</Message></Error>");
        let status = StatusCode::from_u16(status).unwrap();
        let (kind, text) = Refusal::read(status, &HeaderMap::new(), body.as_bytes()).meaning();
        assert!(!text.contains("hunter2"), "{text}");
        (kind, text.into_owned())
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, code, kind) in [
            (404, "NoSuchBucket", ErrorKind::Config),
            (403, "AccessDenied", ErrorKind::Denied),
            (403, "InvalidAccessKeyId", ErrorKind::Denied),
            (403, "SignatureDoesNotMatch", ErrorKind::Denied),
            (400, "ExpiredToken", ErrorKind::Denied),
            (403, "RequestTimeTooSkewed", ErrorKind::Denied),
            (403, "", ErrorKind::Denied),
            (401, "", ErrorKind::Denied),
            (301, "PermanentRedirect", ErrorKind::Config),
            (307, "", ErrorKind::Config),
            (400, "AuthorizationHeaderMalformed", ErrorKind::Config),
            (503, "SlowDown", ErrorKind::Unavailable),
            (503, "", ErrorKind::Unavailable),
            (429, "", ErrorKind::Unavailable),
            (500, "InternalError", ErrorKind::Unavailable),
            (504, "", ErrorKind::Unavailable),
            (507, "", ErrorKind::Full),
            (400, "EntityTooLarge", ErrorKind::TooLarge),
            (404, "", ErrorKind::Protocol),
            (400, "", ErrorKind::Protocol),
            (409, "OperationAborted", ErrorKind::Other),
        ] {
            assert_eq!(refused(status, code).0, kind, "{status} {code}");
        }
    }

    #[test]
    fn of_a_server_s_words_only_codes_and_regions_are_passed_on() {
        for code in ["hunter2", "Hunter2", "hunter", "Hun ter", "A", &"A".repeat(40), "Hun<b>ter"] {
            assert_eq!(refused(409, code).1, NOT_S3, "{code}");
        }
        assert!(refused(409, "OperationAborted").1.ends_with("409, OperationAborted"));
        assert!(["eu-central-1", "us-gov-west-1"].into_iter().all(is_region));
        assert!(
            !["hunter2", "hunter-2", "eu-central-one", "", "-", "eu-central-22", "a b-c-1"]
                .into_iter()
                .any(is_region)
        );
    }

    #[test]
    fn only_what_was_not_carried_out_is_tried_again() {
        let of = |status| Refusal::read(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), b"");
        for status in [429, 500, 502, 503] {
            assert!(of(status).is_passing() && !of(status).is_open(), "{status}");
        }
        for status in [408, 504] {
            assert!(!of(status).is_passing() && of(status).is_open(), "{status}");
        }
        for status in [200, 301, 400, 403, 404, 501, 507] {
            assert!(!of(status).is_passing() && !of(status).is_open(), "{status}");
        }
    }

    #[test]
    fn an_object_is_missing_where_its_bucket_is_not() {
        let of = |status, code| {
            let body = format!("<Error><Code>{code}</Code></Error>");
            Refusal::read(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
                .is_missing()
        };
        assert!(of(404, "NoSuchKey"));
        assert!(!of(404, "NoSuchBucket") && !of(404, "") && !of(403, "NoSuchKey"));
    }
}
