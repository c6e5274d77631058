#![allow(clippy::too_many_arguments)]

use dcache::dcache;

type N = u16;

#[dcache]
fn free(key: N, value: N, args: N, cache: N, self_: N, site: N, miss: N, looked: N, builder: N) -> N {
    key + value + args + cache + self_ + site + miss + looked + builder
}

#[dcache]
async fn waits(body: N, argument0: N, uncached: N, entry: N, kind: N, f: N, part: N, call: N) -> Result<N, String> {
    Ok(body + argument0 + uncached + entry + kind + f + part + call)
}

#[dcache(key = (key, { value }, site + builder), bypass_if = miss == looked)]
fn keyed(key: N, value: N, site: N, builder: N, miss: N, looked: N) -> N {
    key + value + site + builder + miss + looked
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[dcache(companion = handle)]
    fn method(&self, key: N, value: N, args: N, cache: N, self_: N, site: N, miss: N, looked: N) -> N {
        key + value + args + cache + self_ + site + miss + looked
    }

    #[dcache]
    async fn cache(&self, builder: N, krate: N, inner: N, handle: N, owner: N) -> N {
        builder + krate + inner + handle + owner
    }
}

// functions named like the controls and the options
#[dcache]
fn peek(peek: N) -> N {
    peek
}

#[dcache]
fn uncached(ttl: N) -> N {
    ttl
}

#[dcache]
fn key(key: N) -> N {
    key
}

pub(crate) fn main() {
    free::put(1, 2, 3, 4, 5, 6, 7, 8, 9, 99).unwrap();
    assert_eq!(free(1, 2, 3, 4, 5, 6, 7, 8, 9), 99);
    assert_eq!(pollster::block_on(waits(1, 2, 3, 4, 5, 6, 7, 8)), Ok(36));
    assert_eq!((keyed(1, 2, 3, 4, 5, 6), keyed(1, 2, 4, 3, 9, 8)), (21, 21));
    assert_eq!(Shop.method(1, 2, 3, 4, 5, 6, 7, 8), 36);
    assert_eq!(Shop.method_cache(1, 2, 3, 4, 5, 6, 7, 8).peek(), Some(36));
    assert_eq!(pollster::block_on(Shop.cache(1, 2, 3, 4, 5)), 15);
    assert_eq!((peek(1), peek::peek(1)), (1, Some(1)));
    assert_eq!((uncached(1), uncached::uncached(1)), (1, 1));
    assert_eq!((key(1), key::peek(1)), (1, Some(1)));
}
