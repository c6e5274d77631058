use std::sync::atomic::{AtomicU32, Ordering};

use dcache::dcache;

static BODIES: AtomicU32 = AtomicU32::new(0);

fn count() {
    BODIES.fetch_add(1, Ordering::SeqCst);
}

#[dcache]
fn found(text: &str) -> Option<usize> {
    count();
    let at = text.find('a')?;
    Some(at)
}

#[dcache(cache_if = Option::is_some)]
fn found_only(text: &str) -> Option<usize> {
    count();
    text.find('a')
}

#[dcache]
fn nothing(_: u8) {
    count();
}

#[dcache]
fn nothing_said(_: u8) -> () {
    count();
    return;
}

#[dcache]
async fn nothing_async(n: u8) {
    if n == 0 {
        return;
    }
    count();
}

#[dcache]
fn nothing_or_an_error(n: u8) -> Result<(), String> {
    count();
    if n == 0 { Err("zero".into()) } else { Ok(()) }
}

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn method(&self, _: u8) {
        count();
    }
}

pub(crate) fn main() {
    assert_eq!((found("xa"), found("xa"), found("x"), found("x")), (Some(1), Some(1), None, None));
    assert_eq!(found::peek("x"), Some(None), "`None` is a value");
    assert_eq!(BODIES.load(Ordering::SeqCst), 2);
    assert_eq!((found_only("x"), found_only("x"), found_only::peek("x")), (None, None, None));
    assert_eq!(BODIES.load(Ordering::SeqCst), 4);
    let _: ((), (), ()) = (nothing(1), nothing(1), nothing_said(1));
    let _: ((), ()) = (nothing_said(1), Shop.method(1));
    let _: () = Shop.method(1);
    pollster::block_on(async { (nothing_async(1).await, nothing_async(1).await, nothing_async(0).await) });
    let _ = (nothing_or_an_error(1), nothing_or_an_error(1));
    assert_eq!(BODIES.load(Ordering::SeqCst), 9);
    assert_eq!(nothing::peek(1), Some(()));
}
