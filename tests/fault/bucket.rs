//! A bucket that is gone, refuses, or answers as no S3 should.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use dcache::S3;
use dcache_tests::s3::{KEY, Mood, SECRET, Server};

use crate::fault::Breaker::{Opens, StaysClosed};
use crate::fault::{Counter, Fault, Group};

const GONE: Fault = Fault {
    group: Group::Bucket,
    name: "",
    cause: "",
    breaker: Opens,
    counter: Counter::Errors,
    log: "WARN tier `s3`: …: unavailable: …; calls go on without it",
};

/// The usual budget of 2 s would make a minute of each fault that takes all of it.
const BUDGET: Duration = Duration::from_millis(300);

fn tier(place: &str) -> impl Fn() -> S3 {
    move || S3::builder(place).credentials(KEY, SECRET).time_budget(BUDGET).connect().unwrap()
}

/// Turns a server that works into one of this mood, and asserts that calls go on. That they come back takes a breaker's 5 s
/// each time, and is seen with some other faults.
fn turned(fault: Fault, mood: &Mood) {
    fault.measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.place()));
        calls.work();
        server.turn(mood.clone());
        calls.survive();
    });
}

#[test]
fn killed() {
    let cause = "the server of S3 ends while its connections are in use, and the port refuses";
    Fault { name: "server of S3 ended", cause, ..GONE }.measure(|trial| {
        let mut server = Server::start();
        let mut calls = trial.calls(tier(&server.place()));
        calls.work();
        server.kill();
        calls.survive();
        server.restart();
        calls.recover();
    });
}

#[test]
fn silent() {
    let fault = Fault {
        name: "silent server of S3",
        cause: "the server reads requests, and answers none; the tier's `time_budget` is 300 ms here",
        log: "WARN tier `s3`: get: timed out…; calls go on without it",
        ..GONE
    };
    fault.measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.place()));
        calls.work();
        server.turn(Mood::Silent);
        calls.survive();
        server.turn(Mood::Well);
        calls.recover();
    });
}

#[test]
fn asking_for_fewer_requests() {
    let fault = Fault {
        name: "`SlowDown`",
        cause: "status 503 with the code `SlowDown`, which is tried again twice",
        log: "WARN tier `s3`: get: unavailable: …: the server asks for fewer requests…; calls go on without it",
        ..GONE
    };
    turned(fault, &Mood::refuses("503 Slow Down", "SlowDown"));
}

#[test]
fn without_the_right() {
    let fault = Fault {
        name: "no right to the objects",
        cause: "status 403 with the code `AccessDenied`",
        log: "WARN tier `s3`: get: denied: …: the user needs s3:GetObject, …; calls go on without it",
        ..GONE
    };
    turned(fault, &Mood::refuses("403 Forbidden", "AccessDenied"));
}

#[test]
fn credentials_that_are_refused() {
    Fault {
        name: "refused credentials",
        cause: "the secret is another than the server's",
        log: "WARN tier `s3`: get: denied: …: the credentials are refused: the secret is not that of the access key…; \
              calls go on without it",
        ..GONE
    }
    .measure(|trial| {
        let server = Server::start();
        let place = server.place();
        let another = || S3::builder(&place).credentials(KEY, "another").time_budget(BUDGET).connect();
        trial.calls(|| another().unwrap()).survive();
    });
}

#[test]
fn no_such_bucket() {
    Fault {
        name: "no such bucket",
        cause: "the server has no bucket of this name, until it is created",
        log: "ERROR tier `s3`: get: bad configuration: …: there is no such bucket; create it, or name another…; calls go on \
              without it",
        ..GONE
    }
    .measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&format!("{}/another", server.url())));
        calls.survive();
        fs::create_dir(server.root().join("another")).unwrap();
        calls.recover();
    });
}

#[test]
fn cut_off() {
    let fault = Fault {
        name: "answer of S3 cut off",
        cause: "the connection ends within the entry, of which more was announced",
        ..GONE
    };
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: \"a\"\r\nConnection: close\r\n\r\nshort";
    let fault = Fault { log: "WARN tier `s3`: get: …; calls go on without it", ..fault };
    turned(fault, &Mood::Says(head.to_vec()));
}

#[test]
fn no_http() {
    let fault = Fault {
        name: "no HTTP",
        cause: "what answers at the port is SSH",
        log: "WARN tier `s3`: get: unintelligible answer: …: this is no answer of S3; is the endpoint right?…; calls go on \
              without it",
        ..GONE
    };
    turned(fault, &Mood::Says(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()));
}

#[test]
fn a_page_for_everything() {
    let fault = Fault {
        name: "a page in the place of S3",
        cause: "a proxy answers each request with status 200 and a page of HTML",
        breaker: StaysClosed,
        log: "WARN tier `s3` had a bad entry, …; it is removed",
        ..GONE
    };
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>";
    turned(fault, &Mood::Says(page.as_bytes().to_vec()));
}

#[test]
fn a_page_that_is_not_found() {
    let fault = Fault {
        name: "a missing page in the place of S3",
        cause: "a proxy answers each request with status 404 and a page of HTML: that is no miss",
        log: "WARN tier `s3`: get: unintelligible answer: …: this is no answer of S3; is the endpoint right?…; calls go on \
              without it",
        ..GONE
    };
    turned(fault, &Mood::answers("404 Not Found", "text/html", "<html></html>"));
}

/// Does something to all objects below a folder.
fn each_object(folder: &Path, change: &impl Fn(&Path)) {
    for item in fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        match path.is_dir() {
            true => each_object(&path, change),
            false => change(&path),
        }
    }
}

#[test]
fn an_object_that_is_overwritten() {
    Fault {
        name: "overwritten object",
        cause: "another program has written `garbage` over the beginning of the object",
        breaker: StaysClosed,
        log: "WARN tier `s3` had a bad entry, …; it is removed",
        ..GONE
    }
    .measure(|trial| {
        let server = Server::start();
        let mut calls = trial.calls(tier(&server.place()));
        calls.work();
        let folder = server.folder().join("dcache");
        // in place: what is cut to nothing and written again, a file system may bring to the disk at once
        let spoil = |object: &Path| {
            fs::File::options().write(true).open(object).unwrap().write_all(b"garbage").unwrap();
        };
        calls.survive_entries(|| each_object(&folder, &spoil));
        calls.recover();
    });
}
