//! Changing what is stored: a change wins over every body that is running.

use dcache_backends::Error;

use crate::bounds::{CacheKey, CacheValue};
use crate::flight::Purpose;
use crate::inner::Inner;
use crate::log;
use crate::mode::Mode;
use crate::settings;
use crate::shared::Older;

impl<K: CacheKey, V: CacheValue> Inner<K, V> {
    /// Stores a value that is known otherwise; it wins over a body that is running.
    ///
    /// While caching is off it only removes what is there, so that nothing old is found when it is on again. A
    /// bypass is about calls; who puts a value inside one means it.
    pub(crate) async fn put(&self, mode: Mode, key: &K, value: V) -> Result<(), Error> {
        if self.is_off || !settings::is_on() {
            return self.invalidate(mode, key).await;
        }
        let mut lead = self.flights.supersede(key, Purpose::Put, mode).await;
        let terms = &self.policy.terms;
        let lives = terms.new_lives(&value);
        let may_write = lead.settle(self.settled(value.clone(), terms.whole(lives.memory)));
        let Some(remote) = &self.remote else { return Ok(()) };
        let Some(mut visit) = remote.visit(key, mode) else { return Ok(()) };
        if !may_write {
            // a `clear` is under way, and may still fail: the older value goes, and the new one is not stored
            return lead.asking(mode, async |_lead| remote.remove(&mut visit, Older::MustGo).await).await;
        }
        let mut result = Ok(());
        let below = terms.whole(lives.below);
        lead.writing(mode, async { result = remote.store(&mut visit, &value, below, Older::MustGo).await })
            .await;
        result
    }

    /// Removes a value from all tiers; it wins over a body that is running.
    pub(crate) async fn invalidate(&self, mode: Mode, key: &K) -> Result<(), Error> {
        let change = self.flights.supersede(key, Purpose::Remove, mode).await;
        let Some(remote) = &self.remote else { return Ok(()) };
        let Some(mut visit) = remote.visit(key, mode) else { return Ok(()) };
        let remove = async |change| {
            let result = remote.remove(&mut visit, Older::MustGo).await;
            drop(change); // from here on calls look into the tiers again
            result
        };
        change.asking(mode, remove).await
    }

    /// Removes all values from all tiers; it wins over all bodies that are running.
    pub(crate) async fn clear(&self, mode: Mode) -> Result<(), Error> {
        let _clearing = self.flights.clear(mode).await;
        let Some(remote) = &self.remote else { return Ok(()) };
        let removed = remote.clear(mode).await?;
        log::info(format_args!("`{}`: {removed} entries cleared below memory", self.name));
        Ok(())
    }
}
