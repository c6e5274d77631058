//! A hit in memory allocates nothing; a counting allocator proves it.

use allocation_counter::measure;
use dcache::dcache;

#[dcache(ttl = "1h")]
fn number(n: u64) -> u64 {
    n + 1
}

#[dcache(ttl = "1h")]
fn text(text: &str) -> usize {
    text.len()
}

#[dcache(ttl = "1h")]
fn pair(text: &str, n: u32) -> u64 {
    text.len() as u64 + u64::from(n)
}

#[dcache(ttl = "1h", key = "{text}:{n}")]
fn template(text: &str, n: u32) -> u64 {
    text.len() as u64 + u64::from(n)
}

#[dcache(ttl = "1h")]
fn fallible(text: &str) -> Result<u64, String> {
    Ok(text.len() as u64)
}

#[dcache(backend = [memory, tier(dcache_shelf::Shelf::new())], ttl = "1h")]
async fn waits(text: &str, n: Option<&[u8]>) -> u64 {
    text.len() as u64 + n.map_or(0, |n| n.len() as u64)
}

/// Asserts that a call allocates something at first, or this test would prove nothing, and then nothing more.
macro_rules! assert_lean {
    ($call:expr) => {
        assert!(measure(|| assert!($call > 0)).count_total > 0, "a miss allocates");
        let hits = measure(|| (0..1_000).for_each(|_| assert!($call > 0)));
        assert_eq!((hits.count_total, hits.bytes_total), (0, 0), "{}", stringify!($call));
    };
}

#[test]
fn a_hit_in_memory_allocates_nothing() {
    let long = "x".repeat(100);
    assert_lean!(number(7));
    assert_lean!(text(&long));
    assert_lean!(pair(&long, 7));
    assert_lean!(template(&long, 7));
    assert_lean!(fallible(&long).unwrap_or(0));
    assert_lean!(pollster::block_on(waits(&long, Some(b"bytes"))));
}
