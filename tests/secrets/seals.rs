//! Keys that seal, and what is sealed.

use std::time::Duration;

use dcache::{Cache, IntoSeal, Seal};
use dcache_tests::Shelf;

use crate::canary::{form_in, secret};
use crate::ears;

/// 32 bytes, as a key has to be.
const KEY: &[u8; 32] = b"Kanari42Kanari42Kanari42Kanari42";

fn cache(name: &str, shelf: &Shelf, seal: impl IntoSeal) -> Cache<String, String> {
    let builder = Cache::builder(name).no_memory().tier(shelf.clone()).ttl(Duration::from_secs(3600));
    builder.seal(seal).build().unwrap()
}

#[test]
fn keys_and_what_they_seal_are_not_to_be_seen() {
    ears::open();
    let (shelf, key, value) = (Shelf::new(), secret("argument"), secret("value"));
    let own = Seal::from(*KEY);
    ears::debug(&own);
    let sealed = cache("sealed", &shelf, own);
    sealed.blocking().put(&key, value.clone()).unwrap();
    let place = shelf.keys().remove(0);
    let entry = shelf.entry(&place).unwrap();
    assert_eq!((form_in(&place), form_in(&String::from_utf8_lossy(&entry))), (None, None));
    // by another key, and changed by others
    let others = cache("sealed", &shelf, Seal::from([7; 32]));
    assert_eq!(others.blocking().get_or_insert_with(&key, || value.clone()), value);
    for at in [0, 8, 40, 90, entry.len() - 1] {
        let mut changed = entry.to_vec();
        changed[at] ^= 1;
        shelf.lay(&place, changed);
        assert_eq!(sealed.blocking().get_or_insert_with(&key, || value.clone()), value);
        ears::debug(&sealed.blocking().entry(&key));
    }
    // what is no key
    for text in [secret("key"), "Kanari42".repeat(8), "Kanari42".repeat(4)] {
        let error = Seal::from_hex(&text).unwrap_err();
        ears::hear("SealError", &error);
        ears::debug(&error);
        let builder: dcache::Builder<String, String> = Cache::builder("unsealed").tier(shelf.clone());
        ears::outcome(builder.seal(Seal::from_hex(&text)).build().map(drop));
    }
    ears::program();
    ears::assert_heard("bad entry");
    ears::assert_no_secret();
}
