//! What the tests share: real servers of their own, a tier and bodies that can be held, and a log that can be read.

mod door;
mod gate;
pub mod log;
#[cfg(unix)]
pub mod mount;
pub mod redis;
pub mod spans;
pub mod tls;

use std::ffi::OsStr;
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};

pub use dcache_bucket as s3;
pub use dcache_shelf::{Mood, Shelf};
pub use door::Door;
pub use gate::Gate;

/// Runs this on a tokio runtime with two threads.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(future)
}

/// Polls a future once; nothing wakes it.
pub fn poll_once<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs the rest of a test in a process of its own with these variables set.
///
/// `test` is the test's path within its binary. The body runs in the child alone.
pub fn with_environment(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) {
    if is_child() {
        return body();
    }
    let mut command = child(std::env::current_exe().expect("this test"), test);
    let output = command.envs(variables.iter().copied()).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "no test is called {test}: {text}");
}

/// Returns the command that runs one test again, in a process of its own where [`is_child`] holds.
///
/// `program` is this test binary or a copy of it, and `test` the test's path within.
pub fn child(program: impl AsRef<OsStr>, test: &str) -> Command {
    let mut command = Command::new(program);
    command.args([test, "--exact", "--nocapture"]).env(CHILD, "1");
    command
}

/// Tells whether this is the process of a [`child`], such as runs the body of [`with_environment`].
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

const CHILD: &str = "DCACHE_TEST_CHILD";

/// Returns how great a test is: this, unless the environment has another figure in `DCACHE_TEST_{name}`.
pub fn figure(name: &str, default: u32) -> u32 {
    match std::env::var(format!("DCACHE_TEST_{name}")) {
        Ok(figure) => figure.replace('_', "").parse().expect("a number"),
        Err(_) => default,
    }
}
