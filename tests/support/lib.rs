//! What the tests share: real servers of their own, and a log that can be read.

pub mod log;
pub mod redis;

pub use dcache_shelf::{Mood, Shelf};

/// Runs this on a tokio runtime with two threads.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(future)
}

/// Runs the rest of a test in a process of its own with these variables set.
///
/// `test` is the test's path within its binary. The body runs in the child alone.
pub fn with_environment(test: &str, variables: &[(&str, &str)], body: impl FnOnce()) {
    const CHILD: &str = "DCACHE_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let mut command = std::process::Command::new(std::env::current_exe().expect("this test"));
    command.args([test, "--exact", "--nocapture"]).env(CHILD, "1").envs(variables.iter().copied());
    let output = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "no test is called {test}: {text}");
}

/// Tells whether this is the process that runs the body of [`with_environment`].
pub fn is_child() -> bool {
    std::env::var_os("DCACHE_TEST_CHILD").is_some()
}
