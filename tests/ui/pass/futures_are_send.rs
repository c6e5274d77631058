use std::cell::Cell;
use std::rc::Rc;

use dcache::dcache;

struct Pool(Cell<u8>);

#[dcache(skip(pool))]
async fn f(pool: &mut Pool, sku: &str, list: Vec<u8>) -> Result<Vec<u8>, String> {
    pool.0.set(1);
    std::future::ready(sku).await;
    Ok(list)
}

#[dcache(key = (sku.to_owned(), list.as_slice()), bypass_if = list.is_empty())]
async fn g(sku: &str, list: Vec<u8>) -> Vec<u8> {
    std::future::ready(sku).await;
    list
}

// a body that is not `Send` is fine, too
#[dcache]
async fn h(n: u64) -> u64 {
    let rc = Rc::new(n);
    std::future::ready(()).await;
    *rc
}

// and an error that is not
#[dcache]
async fn i(n: u64) -> Result<u64, Rc<str>> {
    Ok(n)
}

fn is_send<T: Send>(value: T) -> T {
    value
}

pub(crate) fn main() {
    let mut pool = Pool(Cell::new(0));
    assert_eq!(pollster::block_on(is_send(f(&mut pool, "a", vec![1]))), Ok(vec![1]));
    drop(is_send(f::peek("a", vec![1])));
    drop(is_send(f::entry("a", vec![1])));
    drop(is_send(f::put("a", vec![1], vec![2])));
    drop(is_send(f::invalidate("a", vec![1])));
    drop(is_send(f::refresh(&mut pool, "a", vec![1])));
    drop(is_send(f::uncached(&mut pool, "a", vec![1])));
    drop(is_send(f::clear()));
    drop(is_send(g("a", vec![1])));
    drop(is_send(g::peek("a", vec![1])));
    drop(is_send(g::refresh("a", vec![1])));
    drop(is_send(g::clear()));
    assert_eq!(pollster::block_on(h(1)), 1);
    assert_eq!(pollster::block_on(i(1)), Ok(1));
}
