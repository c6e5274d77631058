//! What calls return under chaos is always what they may.

use std::time::Duration;

use dcache::testing::Chaos;
use dcache::{Fs, Redis, Tier};
use dcache_tests::figure;
use dcache_tests::redis::Server;

use crate::rack::Rack;
use crate::run::run;
use crate::world::{LONG, by_attribute, over, over_racks, plain, thirty_percent};

/// Fails with what was found, and the seed.
fn assert_true(violations: Vec<String>, chaos: &Chaos) {
    let (many, first) = (violations.len(), violations.into_iter().take(3).collect::<Vec<_>>().join("\n"));
    assert!(many == 0, "{many} violations under {chaos}\n{first}");
}

/// `DCACHE_TEST_TRUTH=10_000_000` makes it ten million calls.
#[test]
fn every_answer_is_true_under_chaos() {
    let chaos = Chaos::new();
    let thirty = thirty_percent(chaos.seed(), true);
    let mut worlds = by_attribute(&thirty).to_vec(); // named tiers come before the first cache
    worlds.extend(over_racks(&thirty));
    assert_true(run(&worlds, chaos.seed(), figure("TRUTH", 150_000).into()), &chaos);
}

#[test]
fn every_answer_is_true_over_files_under_chaos() {
    let (chaos, root) = (Chaos::new(), tempfile::tempdir().expect("a temporary folder"));
    let fs = Fs::open(root.path()).expect("it can be written");
    let worlds = over(std::sync::Arc::new(fs), &thirty_percent(chaos.seed(), false));
    assert_true(run(&worlds, chaos.seed(), figure("TRUTH_FS", 6_000).into()), &chaos);
}

#[test]
fn every_answer_is_true_over_redis_under_chaos() {
    let (chaos, server) = (Chaos::new(), Server::start());
    let redis = Redis::connect(&server.url()).expect("it runs");
    let worlds = over(std::sync::Arc::new(redis), &thirty_percent(chaos.seed(), false));
    assert_true(run(&worlds, chaos.seed(), figure("TRUTH_REDIS", 6_000).into()), &chaos);
}

/// The model is able to find something: a tier that keeps what it was told to remove, and no chaos.
#[test]
fn a_tier_that_breaks_its_word_is_found_out() {
    let chaos = Chaos::new();
    let tiers = [Rack::liar("near"), Rack::new("far")].map(|rack| Tier::new(rack).timeout(LONG));
    let violations = run(&[plain(&chaos, tiers)], chaos.seed(), 20_000);
    assert!(violations.iter().any(|violation| violation.contains("superseded")), "{violations:?}");
    assert!(!violations.iter().any(|violation| violation.contains("panic")), "{violations:?}");
}

/// Writes that time out and are carried out long after: this process does not believe what comes then.
#[test]
fn every_answer_is_true_where_writes_come_late() {
    let seeding = Chaos::new();
    let chaos = Chaos::seeded(seeding.seed()).late_writes(0.05, Duration::from_millis(20)).errors(0.1);
    let tier = |name| Tier::new(chaos.over(Rack::new(name))).timeout(Duration::from_millis(2));
    let world = plain(&chaos, [tier("near"), tier("far")]);
    assert_true(run(&[world], chaos.seed(), figure("TRUTH_LATE", 20_000).into()), &seeding);
}
