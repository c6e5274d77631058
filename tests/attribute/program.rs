//! What concerns the whole program.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use dcache::dcache;
use dcache_tests::{Shelf, with_environment};

static BODIES: AtomicU32 = AtomicU32::new(0);

#[dcache(name = "counted", ttl = "90s")]
fn counted(n: u32) -> u32 {
    BODIES.fetch_add(1, SeqCst);
    n
}

#[test]
fn every_function_is_listed_called_or_not() {
    let find = || dcache::functions().into_iter().find(|function| function.name == "counted").unwrap();
    let listed = find();
    assert_eq!((listed.stats.hits, listed.stats.misses), (0, 0));
    assert_eq!((listed.tiers, listed.ttl), (vec!["memory".to_owned()], Some(Duration::from_secs(90))));
    assert!(listed.file.ends_with("program.rs") && listed.line > 1);
    counted(1);
    counted(1);
    assert_eq!((find().stats.hits, find().stats.misses), (1, 1));
    assert_eq!(find().stats.hit_rate(), 0.5);
}

#[test]
fn a_variable_switches_everything_off() {
    with_environment("program::a_variable_switches_everything_off", &[("DCACHE_DISABLE", "1")], || {
        counted(1);
        counted(1);
        assert_eq!(BODIES.load(SeqCst), 2);
        assert_eq!(counted::peek(1), None);
        dcache::set_enabled(true);
        counted(1);
        counted(1);
        assert_eq!(BODIES.load(SeqCst), 3);
    });
}

#[test]
fn what_the_program_configures_comes_before_the_environment() {
    let variables = [("DCACHE_DISABLE", "1"), ("DCACHE_NAMESPACE", "environment")];
    with_environment("program::what_the_program_configures_comes_before_the_environment", &variables, || {
        dcache::configure().enabled(true).namespace("program").apply().unwrap();
        counted(1);
        counted(1);
        assert_eq!(BODIES.load(SeqCst), 1);
        #[dcache(name = "f", key = "{n}")]
        fn keyed(n: u32) -> u32 {
            n
        }
        assert_eq!(keyed::key(1), "program:f:1");
    });
}

#[test]
fn the_namespace_comes_from_the_environment() {
    #[dcache(name = "f", key = "{n}")]
    fn keyed(n: u32) -> u32 {
        n
    }
    let variables = [("DCACHE_NAMESPACE", "a:b")];
    with_environment("program::the_namespace_comes_from_the_environment", &variables, || {
        assert_eq!(keyed::key(1), "a%3Ab:f:1");
    });
}

#[test]
fn two_functions_of_one_name_do_not_share_entries() {
    fn shelf() -> Shelf {
        static SHELF: std::sync::LazyLock<Shelf> = std::sync::LazyLock::new(Default::default);
        SHELF.clone()
    }
    #[dcache(backend = [memory, tier(shelf())], name = "twice")]
    fn first(n: u32) -> u32 {
        n
    }
    #[dcache(backend = [memory, tier(shelf())], name = "twice")]
    fn second(n: u32) -> u32 {
        n + 1
    }
    let log = dcache_tests::log::Log::get();
    assert_eq!((first(1), second(1), first(1), second(1)), (1, 2, 1, 2));
    assert_eq!(second::stats().tiers.len(), 1, "the second works in memory alone");
    assert_eq!(log.lines("give one of them another `name`").len(), 1);
}
