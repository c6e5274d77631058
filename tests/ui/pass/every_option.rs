use std::time::Duration;

use dcache::dcache;

const HOUR: Duration = Duration::from_secs(3600);

#[dcache(
    backend = [memory(capacity = 100, ttl = "30s"), fs(path = std::env::temp_dir().join("dcache-ui"), capacity = "1MiB", ttl = "1h", timeout = "1s")],
    ttl = HOUR * 2,
    skip(db),
    name = "every_option",
    version = source,
    cache_if = |text: &String| !text.is_empty(),
    bypass_if = n == 0 || db.is_empty(),
    coalesce = "5s",
    write = background,
    max_size = "64KiB",
    codec = json,
    seal = [[7; 32], [8; 32]],
    companion = type,
    result = true,
    crate = ::dcache,
)]
fn every(db: &str, n: u64) -> Result<String, std::num::ParseIntError> {
    Ok(format!("{db}{n}"))
}

#[dcache(backend = memory(capacity = "1MiB"), ttl = "never", coalesce = false, write = await)]
fn weighed(n: u64) -> String {
    n.to_string()
}

#[dcache(
    backend = [memory(capacity = "1MiB", weight = |list: &Vec<u64>| 8 * list.len())],
    ttl = |list| Duration::from_secs(list.len() as u64),
    coalesce = true,
    version = 3,
)]
fn weighed_by_hand(n: u64) -> Vec<u64> {
    vec![n]
}

#[dcache(backend = [memory(ttl = "250ms"), redis], cache_if = Option::is_some, max_size = 1 << 20)]
async fn bare_redis(n: u64) -> Option<u64> {
    n.checked_add(1)
}

#[dcache(backend = [redis("redis://127.0.0.1:1", timeout = "1ms"), redis(env = "DCACHE_UI_URL"), redis(url = format!("redis://{}", "127.0.0.1:1"))])]
fn three_times_redis(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory, tier("shelf", ttl = "1h"), fs], codec = postcard, coalesce = HOUR)]
fn named_tier(n: u64) -> u64 {
    n
}

#[dcache(backend = fs(env = "DCACHE_UI_ROOT"), codec = raw)]
fn raw(n: u64) -> String {
    n.to_string()
}

#[dcache(backend = [memory, fs("/nowhere")], codec = dcache::codec::Json)]
fn codec_by_path(n: u64) -> u64 {
    n
}

pub(crate) fn main() {
    assert_eq!(every("", 1).unwrap(), "1");
    assert_eq!(every("", 0).unwrap(), "0");
    assert_eq!(weighed(1), "1");
    assert_eq!(weighed_by_hand(1), [1]);
    assert_eq!(pollster::block_on(bare_redis(1)), Some(2));
    let _ = (bare_redis::key(1), three_times_redis::key(1), named_tier::key(1), raw::key(1), codec_by_path::key(1));
    let _ = (three_times_redis, named_tier, raw);
}
