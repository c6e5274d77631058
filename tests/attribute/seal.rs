//! The option `seal`: where keys come from, and that nothing is held below memory without one.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use dcache::{ErrorKind, Seal, dcache};
use dcache_tests::{Shelf, log::Log};

static SHELF: LazyLock<Shelf> = LazyLock::new(Shelf::new);

static ASKED: AtomicU32 = AtomicU32::new(0);

fn keys() -> [[u8; 32]; 2] {
    ASKED.fetch_add(1, Relaxed);
    [[8; 32], [7; 32]]
}

#[dcache(backend = tier(SHELF.clone()), name = "sealed", seal = keys())]
fn sealed(n: u32) -> String {
    format!("the value of {n}")
}

#[test]
fn keys_are_asked_for_once_when_the_cache_is_first_used() {
    assert_eq!(ASKED.load(Relaxed), 0);
    for n in [1, 2, 1, 2] {
        assert_eq!(sealed(n), format!("the value of {n}"));
    }
    assert_eq!((ASKED.load(Relaxed), sealed::stats().computes), (1, 2));
    let entries = SHELF.keys().into_iter().map(|key| SHELF.entry(&key).unwrap());
    assert!(entries.clone().count() == 2);
    assert!(entries.into_iter().all(|entry| !entry.windows(5).any(|part| part == b"value")));
}

#[dcache(backend = [memory, tier(SHELF.clone())], name = "keyless", seal = Seal::from_env("DCACHE_TEST_NO_SUCH_KEY"))]
fn keyless(n: u32) -> u32 {
    2 * n
}

#[dcache(backend = tier(SHELF.clone()), name = "panicking", seal = {
    assert!(SHELF.keys().len() > 99, "of an expression");
    [7; 32]
})]
fn panicking(n: u32) -> u32 {
    2 * n
}

#[test]
fn without_a_key_a_function_works_and_nothing_is_held_below_memory() {
    let log = Log::get();
    assert_eq!((keyless(1), keyless(1), keyless(2)), (2, 2, 4));
    assert_eq!((panicking(1), panicking(1)), (2, 2));
    assert_eq!(keyless::stats().computes, 2, "memory has it all the same");
    assert_eq!(panicking::stats().computes, 2);
    assert_eq!(keyless::put(3, 6).unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(SHELF.asked(), 1, "but for the removal of what `put` could not replace");

    let lines = [log.lines("`seal` of `keyless`"), log.lines("`seal` of `panicking`")];
    for line in &lines {
        assert!(line.len() == 1 && line[0].starts_with("ERROR"), "one loud error: {line:?}");
    }
    assert!(lines[0][0].contains("the variable DCACHE_TEST_NO_SUCH_KEY is not set"), "{lines:?}");
    let fault = pollster::block_on(dcache::check()).unwrap_err();
    // other functions of this program name servers that are not there
    let about = |name| fault.parts().iter().filter(move |part| part.to_string().contains(name));
    for name in ["`keyless`", "`panicking`"] {
        assert_eq!(about(name).count(), 1, "{fault}");
        assert!(about(name).all(|part| part.kind() == ErrorKind::Config), "{fault}");
    }
}

#[test]
fn without_a_key_no_entry_is_read_and_any_can_be_removed() {
    let others = dcache::Cache::<(u32,), u32>::builder("keyless").no_memory().tier(SHELF.clone());
    let others = others.build().unwrap();
    others.blocking().put(&(1,), 13).unwrap();
    assert_eq!(keyless(1), 2);
    assert_eq!(SHELF.keys().len(), 1);
    keyless::invalidate(1).unwrap();
    assert!(SHELF.keys().is_empty(), "an invalidation reaches what others stored");
    others.blocking().put(&(1,), 13).unwrap();
    keyless::clear().unwrap();
    assert!(SHELF.keys().is_empty());
}

mod shop {
    use super::*;

    pub(super) struct Shop;

    #[dcache(backend = tier(SHELF.clone()), name = "shop", seal = [7; 32], skip(self))]
    impl Shop {
        #[dcache]
        pub(super) async fn quote(&self, sku: &str) -> Result<String, String> {
            Ok(format!("the value of {sku}"))
        }

        #[dcache(backend = memory)]
        pub(super) fn title(&self, sku: &str) -> String {
            sku.to_lowercase()
        }
    }
}

#[test]
fn the_keys_of_a_block_are_for_those_functions_that_have_something_to_seal() {
    use shop::Shop;

    pollster::block_on(async {
        assert_eq!(Shop.quote("A-7").await.as_deref(), Ok("the value of A-7"));
        assert_eq!(Shop.quote_cache("A-7").peek().await.as_deref(), Some("the value of A-7"));
    });
    assert_eq!(Shop.title("A-7"), "a-7");
    assert_eq!(SHELF.keys().len(), 1);
    assert_eq!(SHELF.entry(&SHELF.keys()[0]).unwrap()[6], 1, "the flag of a sealed entry");
}
