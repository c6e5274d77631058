//! Counts for the `metrics` facade (feature `metrics`).

use metrics::{counter, gauge};

use crate::registry::functions;

/// Hands the counts of every cached function to the recorder of the [`metrics`](https://docs.rs/metrics) facade.
///
/// Call it when metrics are collected; a hit does not pay for them. The counters are
/// `dcache_{hits,misses,computes,coalesced,stale,errors,evictions}_total` and `dcache_body_seconds_total`
/// by `function`, `dcache_tier_{hits,misses,writes,removes,errors}_total` by `function` and `tier`; the gauges
/// `dcache_entries` by `function`, `dcache_tier_open` (1 while the tier is skipped) and `dcache_tier_lost` (changes that
/// wait to be carried out there) by `function` and `tier`.
///
/// ```
/// dcache::record_metrics();
/// ```
pub fn record_metrics() {
    for function in functions() {
        let (name, stats) = (function.name, function.stats);
        let count =
            |metric: &'static str, value: u64| counter!(metric, "function" => name.clone()).absolute(value);
        count("dcache_hits_total", stats.hits);
        count("dcache_misses_total", stats.misses);
        count("dcache_computes_total", stats.computes);
        count("dcache_coalesced_total", stats.coalesced);
        count("dcache_stale_total", stats.stale);
        count("dcache_errors_total", stats.errors);
        count("dcache_evictions_total", stats.evictions);
        count("dcache_body_seconds_total", stats.body_time.as_secs());
        gauge!("dcache_entries", "function" => name.clone()).set(stats.entries as f64);
        for tier in stats.tiers {
            let count = |metric: &'static str, value: u64| {
                counter!(metric, "function" => name.clone(), "tier" => tier.name.clone()).absolute(value);
            };
            count("dcache_tier_hits_total", tier.hits);
            count("dcache_tier_misses_total", tier.misses);
            count("dcache_tier_writes_total", tier.writes);
            count("dcache_tier_removes_total", tier.removes);
            count("dcache_tier_errors_total", tier.errors);
            let open = if tier.open { 1.0 } else { 0.0 };
            gauge!("dcache_tier_open", "function" => name.clone(), "tier" => tier.name.clone()).set(open);
            gauge!("dcache_tier_lost", "function" => name.clone(), "tier" => tier.name.clone())
                .set(tier.lost as f64);
        }
    }
}
