use std::time::Duration;

use dcache::dcache;

const LONG: Duration = Duration::from_secs(3600);

fn zero() -> Duration {
    Duration::ZERO
}

#[dcache(ttl = "1h 30m")]
fn string(n: u64) -> u64 {
    n
}

#[dcache(ttl = "never")]
fn never(n: u64) -> u64 {
    n
}

#[dcache(ttl = LONG * 2)]
fn expression(n: u64) -> u64 {
    n
}

#[dcache(ttl = { let base = LONG; base + base })]
fn block(n: u64) -> u64 {
    n
}

#[dcache(ttl = zero())]
fn zero_at_run_time(n: u64) -> u64 {
    n
}

#[dcache(ttl = |value: &Option<u64>| if value.is_some() { LONG } else { Duration::ZERO })]
async fn by_value(n: u64) -> Option<u64> {
    n.checked_sub(1)
}

#[dcache(ttl = |value| Duration::from_secs(*value))]
fn inferred(n: u64) -> Result<u64, String> {
    Ok(n)
}

pub(crate) fn main() {
    assert_eq!((string(1), string::peek(1)), (1, Some(1)));
    assert_eq!((never(1), never::entry(1).unwrap().remaining), (1, None));
    assert!(expression(1) == 1 && expression::entry(1).unwrap().remaining.unwrap() > LONG);
    assert_eq!((block(1), block::peek(1)), (1, Some(1)));
    assert_eq!((zero_at_run_time(1), zero_at_run_time::peek(1)), (1, None));
    pollster::block_on(async {
        assert_eq!((by_value(1).await, by_value::peek(1).await), (Some(0), Some(Some(0))));
        assert_eq!((by_value(0).await, by_value::peek(0).await), (None, None));
    });
    assert_eq!((inferred(0), inferred::peek(0)), (Ok(0), None));
    assert_eq!((inferred(9), inferred::peek(9)), (Ok(9), Some(9)));
}
