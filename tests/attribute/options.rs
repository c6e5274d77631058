//! Each option does what it says.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use dcache::{dcache, testing};

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, SeqCst)
}

#[test]
fn ttl() {
    #[dcache(ttl = "1h 30m")]
    fn text() -> u32 {
        next()
    }
    const MINUTE: Duration = Duration::from_secs(60);
    #[dcache(ttl = MINUTE * 2)]
    fn expression() -> u32 {
        next()
    }
    #[dcache(ttl = |value: &u32| MINUTE * (1 + *value / 1_000_000))]
    fn by_value() -> u32 {
        next()
    }
    #[dcache(ttl = "never")]
    fn never() -> u32 {
        next()
    }
    let first = (text(), expression(), by_value(), never());
    testing::advance(MINUTE / 2);
    assert_eq!((text(), expression(), by_value(), never()), first);
    testing::advance(MINUTE);
    assert_eq!((text(), expression(), never()), (first.0, first.1, first.3));
    assert_ne!(by_value(), first.2);
    testing::advance(MINUTE);
    assert_eq!((text(), never()), (first.0, first.3));
    assert_ne!(expression(), first.1);
    testing::advance(MINUTE * 90);
    assert_ne!(text(), first.0);
    assert_eq!(never(), first.3);
}

#[test]
fn key_by_template() {
    struct User {
        id: u32,
        kind: &'static str,
    }
    #[dcache(key = "{user.kind}:{user.id}")]
    fn name(user: &User, shout: bool) -> u32 {
        let _ = (user, shout);
        next()
    }
    let (a, b) = (User { id: 1, kind: "x" }, User { id: 2, kind: "x" });
    assert_eq!(name(&a, true), name(&a, false));
    assert_ne!(name(&a, true), name(&b, true));
    assert_eq!(name::key(&a), "dcache:attribute.options.key_by_template.name:x:1");
    assert!(name::peek(&a).is_some(), "controls take what the template names");
}

#[test]
fn key_by_expression() {
    #[dcache(key = x.to_bits())]
    fn float(x: f64) -> u32 {
        let _ = x;
        next()
    }
    assert_eq!(float(1.5), float(1.5));
    assert_ne!(float(1.5), float(2.5));
    float::invalidate(1.5).unwrap();
    assert_eq!(float::peek(1.5), None);
    float::clear().unwrap();
    assert_eq!(float::stats().entries, 0);

    #[dcache(key = (a.len(), b.trim()))]
    fn parts(a: &[u8], b: String) -> u32 {
        let _ = (a, b);
        next()
    }
    assert_eq!(parts(&[1, 2], " x".to_owned()), parts(&[3, 4], "x ".to_owned()));
    assert_ne!(parts(&[1, 2], "x".to_owned()), parts(&[3], "x".to_owned()));
}

#[test]
fn cache_if() {
    #[dcache(cache_if = Option::is_some)]
    fn path(n: u32) -> Option<u32> {
        (n > 1).then(next)
    }
    #[dcache(cache_if = |value| value % 2 == 0)]
    fn closure(n: u32) -> u32 {
        n + 2 * next()
    }
    assert_eq!((path(1), path(1)), (None, None));
    assert_eq!(path(2), path(2));
    assert_eq!(path::stats().computes, 3);
    assert_eq!(closure(2), closure(2));
    assert_ne!(closure(1), closure(1));
}

#[test]
fn cache_if_sees_the_ok_of_a_result() {
    #[dcache(cache_if = |value: &u32| *value > 1)]
    fn fallible(n: u32) -> Result<u32, String> {
        if n == 0 { Err("none".to_owned()) } else { Ok(n) }
    }
    for n in [0, 1, 2, 0, 1, 2] {
        let _ = fallible(n);
    }
    assert_eq!(fallible::stats().hits, 1);
}

#[test]
fn bypass_if() {
    #[dcache(bypass_if = fresh || n == 9, skip(fresh))]
    fn maybe(n: u32, fresh: bool) -> u32 {
        let _ = (n, fresh);
        next()
    }
    let first = maybe(1, false);
    assert_ne!(maybe(1, true), first);
    assert_eq!(maybe(1, false), first, "a bypassed call stores nothing");
    assert_ne!(maybe(9, false), maybe(9, false));
}

#[test]
fn coalesce() {
    fn four_at_once(call: fn(u32) -> u32) {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || assert_eq!(call(1), 1));
            }
        });
    }
    #[dcache]
    fn together(n: u32) -> u32 {
        n
    }
    four_at_once(together);
    assert_eq!(together::stats().computes, 1);

    #[dcache(coalesce = false)]
    fn apart(n: u32) -> u32 {
        static FOUR: Barrier = Barrier::new(4);
        FOUR.wait(); // returns once four bodies run at the same time
        n
    }
    four_at_once(apart);
    assert_eq!(apart::stats().computes, 4);

    #[dcache(coalesce = "10ms")]
    fn impatient(n: u32) -> u32 {
        static TWO: Barrier = Barrier::new(2);
        TWO.wait(); // the first body only returns once another one runs too
        n
    }
    four_at_once(impatient);
    assert!(impatient::stats().computes >= 2);
}

#[test]
fn result() {
    type Answer<T> = Result<T, String>;

    #[dcache(result)]
    fn aliased(n: u32) -> Answer<u32> {
        if n == 0 { Err(next().to_string()) } else { Ok(next()) }
    }
    assert_ne!(aliased(0), aliased(0));
    assert_eq!(aliased(1), aliased(1));
}

#[test]
fn capacity() {
    #[dcache(backend = memory(capacity = 10))]
    fn few(n: u32) -> u32 {
        n
    }
    #[dcache(backend = memory(capacity = "64KiB"))]
    fn bytes(n: u32) -> Vec<u8> {
        vec![n as u8; 1_000]
    }
    #[dcache(backend = memory(capacity = "64KiB", weight = |value: &Large| value.0 as usize))]
    fn weighed(n: u32) -> Large {
        Large(n)
    }
    #[derive(Clone)]
    struct Large(u32);
    for n in 0..1_000 {
        few(n);
        bytes(n);
        weighed(n);
    }
    assert!(few::stats().entries <= 10);
    assert_eq!(few::stats().entries + few::stats().evictions, 1_000);
    assert!((30..=64).contains(&bytes::stats().entries), "{}", bytes::stats().entries);
    assert!(weighed::stats().entries < 700);
}

#[test]
fn a_memory_of_its_own_ttl() {
    #[dcache(backend = memory(ttl = "5s"), ttl = "1h")]
    fn short() -> u32 {
        next()
    }
    let first = short();
    testing::advance(Duration::from_secs(6));
    assert_ne!(short(), first);
}
