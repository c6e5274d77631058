use std::sync::{Arc, LazyLock};

use dcache::{Cache, dcache};

static SHARED: LazyLock<Cache<(u64,), u64>> = LazyLock::new(|| Cache::builder("shared").build().unwrap());

// taken as an argument
#[dcache(cache = cache, skip(cache))]
fn by_argument(cache: &Cache<(u64,), u64>, n: u64) -> u64 {
    n + 1
}

#[dcache(cache = &context.cache, key = n)]
async fn by_context(context: &Context, n: u64) -> u64 {
    n + 2
}

struct Context {
    cache: Cache<(u64,), u64>,
}

// one for two functions
#[dcache(cache = &SHARED)]
fn one_of_two(n: u64) -> u64 {
    n + 3
}

#[dcache(cache = &*SHARED, bypass_if = n == 0)]
fn other_of_two(n: u64) -> u64 {
    n + 4
}

fn of_the_thread() -> &'static Cache<(u64,), Arc<str>> {
    static OWN: LazyLock<Cache<(u64,), Arc<str>>> = LazyLock::new(|| Cache::builder("own").build().unwrap());
    &OWN
}

#[dcache(cache = of_the_thread())]
fn by_call(n: u64) -> Arc<str> {
    n.to_string().into()
}

pub(crate) fn main() {
    let (first, second) = (Cache::builder("first").build().unwrap(), Cache::builder("second").build().unwrap());
    first.blocking().put(&(1,), 9).unwrap();
    assert_eq!((by_argument(&first, 1), by_argument(&second, 1)), (9, 2));
    let context = Context { cache: first.clone() };
    assert_eq!(pollster::block_on(by_context(&context, 1)), 9);
    assert_eq!((one_of_two(1), other_of_two(1), other_of_two(0)), (4, 4, 4));
    assert_eq!(SHARED.blocking().get(&(1,)), Some(4));
    assert_eq!((&*by_call(1), of_the_thread().stats().misses), ("1", 1));
}
