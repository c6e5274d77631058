use std::cell::Cell;
use std::rc::Rc;

use dcache::dcache;

struct Pool(Cell<u32>);

#[dcache(skip(pool))]
fn one(pool: &Pool, n: u32) -> u32 {
    pool.0.set(pool.0.get() + 1);
    n
}

#[dcache(skip(a, c,))]
fn several(a: &mut Vec<u32>, b: u32, c: Rc<str>, d: &str) -> u32 {
    a.push(b);
    b + c.len() as u32 + d.len() as u32
}

#[dcache(skip(all))]
async fn everything(all: Box<dyn Fn() -> u32>) -> u32 {
    all()
}

#[dcache(skip(f, name))]
fn generic<F: FnMut() -> u32 + 'static>(mut f: F, name: impl ToString, n: u32) -> u32 {
    f() + n + name.to_string().len() as u32
}

pub(crate) fn main() {
    let pool = Pool(Cell::new(0));
    assert_eq!((one(&pool, 1), one(&pool, 1), pool.0.get()), (1, 1, 1));
    assert_eq!(one::peek(1), Some(1));
    let mut list = Vec::new();
    assert_eq!((several(&mut list, 1, "x".into(), "y"), several(&mut list, 1, "xx".into(), "y")), (3, 3));
    assert_eq!((list.len(), several::peek(1, "y")), (1, Some(3)));
    assert_eq!(pollster::block_on(everything(Box::new(|| 1))), 1);
    assert_eq!(pollster::block_on(everything(Box::new(|| 2))), 1);
    assert_eq!(pollster::block_on(everything::peek()), Some(1));
    assert_eq!(generic(|| 1, "ab", 1), 4);
}
