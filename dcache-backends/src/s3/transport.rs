//! One request and its answer, of which no more is taken than it may have.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
    HttpResponseBody, HttpService,
};
use tokio::time::timeout;

use super::connector::Connector;
use super::fault::{Fault, Refusal};
use crate::Bytes;

/// How long a request that only reads waits for the head of its answer, and for the connection, before it is sent again.
const PATIENCE: Duration = Duration::from_millis(900);

/// How long a connection may be idle; servers close theirs after about this.
const IDLE: Duration = Duration::from_secs(20);

/// How many bytes an answer may have that is no object: a page of 1000 names of the longest.
const ANSWER: usize = 8 << 20;

/// How many bytes of a refusal are looked at.
const REFUSAL: usize = 64 << 10;

/// Sends requests to the server of a bucket, and to those that have the credentials for it. Cheap to clone.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client<Connector, HttpRequestBody>,
    /// The server of the bucket.
    home: Authority,
}

/// What a request is, as far as it matters for what may be done with it.
#[derive(Clone, Copy)]
struct Asked {
    /// Sent to the server of the bucket.
    is_home: bool,
    /// Changes nothing, so that it may be sent twice.
    is_read: bool,
    /// Answered with an object.
    is_object: bool,
    /// Answered with names of objects.
    is_list: bool,
    /// Removes what it lists.
    is_list_of_removals: bool,
    is_removal: bool,
}

impl Transport {
    pub(super) fn new(connector: Connector, home: Authority) -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        client.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).pool_max_idle_per_host(32);
        Self { client: client.build(connector), home }
    }

    fn asked(&self, request: &HttpRequest) -> Asked {
        let uri = request.uri();
        let is_home = uri.authority() == Some(&self.home);
        let is_read = request.method() == Method::GET;
        Asked {
            is_home,
            is_read,
            is_object: is_home && is_read && uri.query().is_none(),
            is_list: is_home && is_read && uri.query().is_some(),
            is_list_of_removals: is_home && request.method() == Method::POST,
            is_removal: is_home && request.method() == Method::DELETE,
        }
    }

    async fn answer(&self, request: HttpRequest, asked: Asked) -> Result<HttpResponse, Fault> {
        let sent = self.client.request(request);
        let answer = match asked.is_read || !asked.is_home {
            true => timeout(PATIENCE, sent).await.map_err(|_| Fault::Late)?,
            // what is given up here may yet be carried out, and who gave it up is the one to say so
            false => sent.await,
        };
        let (head, body) = answer.map_err(|cause| of_client(&cause))?.into_parts();
        if !head.status.is_success() {
            let body = timeout(PATIENCE, Limited::new(body, REFUSAL).collect()).await;
            let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
            return Err(Fault::Refused(Refusal::read(head.status, &head.headers, &body)));
        }
        if asked.is_removal && head.status == StatusCode::OK && announced(&head.headers) != Some(0) {
            return Err(Fault::Nonsense); // S3 has nothing to say to that
        }
        if asked.is_list || asked.is_list_of_removals {
            let body =
                Limited::new(body, ANSWER).collect().await.map_err(|cause| Fault::of(&*cause, false))?;
            let mut body = body.to_bytes();
            // the client takes any text for a list of nothing
            let root: &[u8] = if asked.is_list { b"<ListBucketResult" } else { b"<DeleteResult" };
            done(&body, root, head.status, &head.headers)?;
            if asked.is_list_of_removals {
                body = Bytes::from_static(REMOVED);
            }
            return Ok(HttpResponse::from_parts(head, HttpResponseBody::from(body)));
        }
        let limit = match announced(&head.headers) {
            Some(length) if asked.is_object => length,
            _ => ANSWER,
        };
        Ok(HttpResponse::from_parts(head, bounded(body, limit)))
    }
}

/// What stands for an answer by which all was removed. The client expects an element, and would take a name in it that
/// contains `SlowDown` for a refusal.
const REMOVED: &[u8] = b"<DeleteResult><Deleted><Key>-</Key></Deleted></DeleteResult>";

/// Says whether a text of this root says that all was done.
fn done(body: &[u8], root: &[u8], status: StatusCode, headers: &HeaderMap) -> Result<(), Fault> {
    let has = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
    if has(b"<Error>") {
        return Err(Fault::Refused(Refusal::read(status, headers, body)));
    }
    if has(root) { Ok(()) } else { Err(Fault::Nonsense) }
}

/// Returns how long an answer says that it is.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn bounded(body: Incoming, limit: usize) -> HttpResponseBody {
    HttpResponseBody::new(Limited::new(body, limit).map_err(|cause| {
        let fault = Fault::of(&*cause, false);
        let kind = match fault {
            Fault::Endless => HttpErrorKind::Decode,
            _ => HttpErrorKind::Interrupted,
        };
        HttpError::new(kind, fault)
    }))
}

fn of_client(cause: &ClientError) -> Fault {
    Fault::of(cause, cause.is_connect())
}

/// Tells the client whether it may send a request again: `Request` has it do so, `Unknown` does not.
fn again(fault: &Fault, asked: Asked) -> HttpErrorKind {
    let is_again = match fault {
        Fault::Refused(refusal) => refusal.is_passing() || (refusal.is_open() && asked.is_read),
        Fault::Late => asked.is_read && asked.is_home,
        // who refuses connections now does so in a moment too
        Fault::Io { is_connecting: true, kind, .. } => *kind == crate::ErrorKind::Timeout && asked.is_home,
        Fault::Io { .. } => asked.is_read,
        Fault::Nonsense | Fault::Endless => false,
    };
    if is_again { HttpErrorKind::Request } else { HttpErrorKind::Unknown }
}

impl HttpService for Transport {
    // as `async_trait` writes it
    fn call<'s, 'f>(&'s self, request: HttpRequest) -> BoxFuture<'f, Result<HttpResponse, HttpError>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move {
            let asked = self.asked(&request);
            let answer = self.answer(request, asked).await;
            answer.map_err(|fault| HttpError::new(again(&fault, asked), fault))
        })
    }
}

impl HttpConnector for Transport {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Transport").field(&self.home).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_removed_is_told_from_what_was() {
        let of = |body: &str| done(body.as_bytes(), b"<DeleteResult", StatusCode::OK, &HeaderMap::new());
        assert!(of("<DeleteResult><Deleted><Key>SlowDown</Key></Deleted></DeleteResult>").is_ok());
        let some = "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>";
        assert!(matches!(of(some), Err(Fault::Refused(_))));
        assert!(matches!(of("<html>Log in, please</html>"), Err(Fault::Nonsense)));
    }
}
