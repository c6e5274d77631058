//! Errors and panics of bodies, and what they leave behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use dcache::{dcache, testing};
use dcache_tests::run;

use crate::canary::secret;
use crate::ears;

/// What bodies do, and how often they ran.
static TEMPER: AtomicU32 = AtomicU32::new(GOOD);
const GOOD: u32 = 0;
const FAILS: u32 = 1;
const PANICS: u32 = 2;

fn body(argument: &str) -> Result<String, String> {
    match TEMPER.load(SeqCst) {
        GOOD => Ok(secret(argument)),
        FAILS => Err(secret("error")),
        _ => panic!("{}", secret("panic")),
    }
}

#[dcache(ttl = "1m", stale_if_error = "1h", retry_after = "1ms", err_ttl = "1s")]
fn kept(argument: &str) -> Result<String, String> {
    body(argument)
}

#[dcache(ttl = "1m", stale_while_revalidate = "1h", refresh_ahead = "10s")]
fn refreshed(argument: &str) -> Result<String, String> {
    body(argument)
}

#[dcache(ttl = "1m", stale_while_revalidate = "1h", detach)]
async fn refreshed_there(argument: &str) -> Result<String, String> {
    body(argument)
}

#[dcache(ttl = "1m", stale_if_error = "1h", soft_timeout = "1ms", key = "of:{argument}")]
async fn detached(argument: &str) -> Result<String, String> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    body(argument)
}

#[test]
fn errors_and_panics_of_bodies_are_their_callers_alone() {
    ears::open();
    let argument = secret("argument");
    for temper in [GOOD, FAILS, GOOD, PANICS, GOOD] {
        TEMPER.store(temper, SeqCst);
        for _ in 0..3 {
            testing::advance(Duration::from_secs(61));
            let _ = catch_unwind(|| kept(&argument));
            let _ = catch_unwind(|| refreshed(&argument));
            let _ = catch_unwind(|| refreshed(&secret("first")));
            run(async {
                for argument in [&argument, &secret("first")] {
                    for call in 0..2 {
                        let argument = format!("{argument}{}", temper * call);
                        let calls = async move {
                            let there = tokio::spawn({
                                let argument = argument.clone();
                                async move { refreshed_there(&argument).await }
                            });
                            if let Err(panic) = there.await {
                                ears::debug(&panic.is_panic());
                            }
                            let there = tokio::spawn(async move { detached(&argument).await });
                            let _ = there.await;
                        };
                        calls.await;
                    }
                }
                dcache::drain().await;
            });
            ears::debug(&kept::entry(&argument));
            ears::debug(&refreshed::stats());
        }
        dcache::drain_blocking();
    }
    let _ = catch_unwind(AssertUnwindSafe(|| run(detached::refresh(&argument))));
    ears::debug(&run(detached::entry(&argument)));
    ears::program();
    ears::assert_heard("older values are used in the place of errors");
    ears::assert_heard("a refresh of");
    ears::assert_no_secret();
}
