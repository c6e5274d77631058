//! Every option about values past their time to live, alone and together.

use std::time::Duration;

use dcache::dcache;

const MINUTE: Duration = Duration::from_secs(60);

fn window() -> Duration {
    MINUTE
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
fn revalidated(n: u64) -> u64 {
    n
}

#[dcache(ttl = |n: &u64| MINUTE * *n as u32, stale_while_revalidate = window(), refresh_ahead = MINUTE / 2)]
async fn by_expressions(n: u64) -> u64 {
    n
}

#[dcache(ttl = "1h", stale_if_error = "1d", retry_after = "5s", err_ttl = window(), jitter = 0.1)]
fn kept(n: u64) -> Result<u64, String> {
    if n == 0 { Err("zero".into()) } else { Ok(n) }
}

#[dcache(
    ttl = "1h",
    jitter = "5m",
    refresh_ahead = 0.1,
    stale_while_revalidate = "10m",
    stale_if_error = "1d",
    retry_after = "2s",
    soft_timeout = "200ms",
    err_ttl = "5s",
    detach,
    write = background,
)]
async fn everything(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[dcache(err_ttl = "5s")]
fn errors_alone(n: u64) -> Result<u64, u8> {
    if n == 0 { Err(1) } else { Ok(n) }
}

#[dcache(detach = false)]
async fn not_detached(n: u64) -> std::sync::Arc<str> {
    let counted = std::rc::Rc::new(n);
    std::future::ready(()).await;
    counted.to_string().into()
}

#[dcache(ttl = "1h", stale_if_error = "1d", soft_timeout = "1s", err_ttl = "1s", detach, retry_after = "1s")]
mod defaults {
    use dcache::dcache;

    #[dcache]
    pub fn plain(n: u64) -> u64 {
        n
    }

    #[derive(Clone, Debug, PartialEq)]
    pub struct Quote(pub u64);

    #[dcache]
    pub async fn of_another_type(n: u64) -> Quote {
        Quote(n)
    }

    pub type Quoted = Result<Quote, String>;

    #[dcache(result)]
    pub fn of_an_alias(n: u64) -> Quoted {
        Ok(Quote(n))
    }

    #[dcache(result = false)]
    pub async fn whole(n: u64) -> Result<u64, String> {
        Ok(n)
    }

    #[dcache]
    pub async fn fallible(n: u64) -> Result<u64, String> {
        Ok(n)
    }

    #[dcache(ttl = "never")]
    pub fn eternal(n: u64) -> u64 {
        n
    }
}

pub(crate) fn main() {
    assert_eq!(revalidated(1), 1);
    assert_eq!((kept(0), kept(1)), (Err("zero".into()), Ok(1)));
    assert_eq!((errors_alone(0), errors_alone(2)), (Err(1), Ok(2)));
    assert_eq!((defaults::plain(1), defaults::eternal(2)), (1, 2));
    assert_eq!(defaults::of_an_alias(1), Ok(defaults::Quote(1)));
    pollster::block_on(async {
        assert_eq!((defaults::of_another_type(1).await, defaults::whole(1).await), (defaults::Quote(1), Ok(1)));
        assert_eq!(&*not_detached(1).await, "1");
        assert_eq!(by_expressions(1).await, 1);
        assert_eq!(everything(1).await, Ok(1));
        assert_eq!(defaults::fallible(1).await, Ok(1));
    });
}
