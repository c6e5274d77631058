//! Writes that ran out of time and arrive after a change of their key bring nothing old back.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dcache::testing::advance;
use dcache::{Backend, Bytes, Cache, Error, Key, Scope, Tier, async_trait};
use dcache_tests::Shelf;
use futures::executor::block_on;

/// Keys and entries.
type Writes = Vec<(String, Bytes)>;

/// A shelf that lets writes lie while it is slow, and answers none of them.
#[derive(Clone, Default)]
struct Slow {
    shelf: Shelf,
    /// What lies there, while it is slow.
    lying: Arc<Mutex<Option<Writes>>>,
}

impl Slow {
    fn become_slow(&self) {
        *self.lying.lock().unwrap() = Some(Vec::new());
    }

    fn become_quick(&self) -> Writes {
        self.lying.lock().unwrap().take().unwrap()
    }

    fn arrive(&self, writes: &[(String, Bytes)]) {
        writes.iter().for_each(|(key, entry)| self.shelf.lay(key, entry.clone()));
    }
}

#[async_trait]
impl Backend for Slow {
    fn name(&self) -> &str {
        "slow"
    }
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.shelf.get(key).await
    }
    async fn set(&self, key: &Key, entry: Bytes, life: Option<Duration>) -> Result<(), Error> {
        if let Some(lying) = &mut *self.lying.lock().unwrap() {
            lying.push((key.as_str().to_owned(), entry));
        } else {
            return block_on(self.shelf.set(key, entry, life));
        }
        pending().await
    }
    async fn remove(&self, key: &Key) -> Result<(), Error> {
        self.shelf.remove(key).await
    }
    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        self.shelf.clear(scope).await
    }
}

/// Returns a cache whose value 1 under the key 1 is still on its way to the tier.
fn on_its_way(name: &str) -> (Cache<u32, u32>, Slow, Writes) {
    let slow = Slow::default();
    let tier = Tier::new(slow.clone()).timeout(Duration::from_millis(500));
    let cache: Cache<u32, u32> = Cache::builder(name).no_memory().tier(tier).build().unwrap();
    slow.become_slow();
    assert_eq!(cache.blocking().get_or_insert_with(&1, || 1), 1);
    let writes = slow.become_quick();
    assert_eq!(writes.len(), 1);
    advance(Duration::from_millis(2)); // entries are dated in milliseconds
    (cache, slow, writes)
}

type Change = fn(&Cache<u32, u32>) -> Result<(), Error>;

#[test]
fn nothing_old_comes_back_after_a_removal() {
    let changes: [Change; 2] = [|cache| cache.blocking().invalidate(&1), |cache| cache.blocking().clear()];
    for (n, change) in changes.into_iter().enumerate() {
        let (cache, slow, writes) = on_its_way(&format!("removed {n}"));
        change(&cache).unwrap();
        slow.arrive(&writes);
        assert_eq!(cache.blocking().get(&1), None, "the old value arrived late");
        assert!(slow.shelf.keys().is_empty(), "it is removed");
        advance(Duration::from_millis(2));
        assert_eq!(cache.blocking().get_or_insert_with(&1, || 2), 2);
        assert_eq!(cache.blocking().get(&1), Some(2), "what is newer is believed");
        slow.arrive(&writes);
        assert_eq!(block_on(cache.get(&1)), None, "it arrived once more");
    }
}

#[test]
fn nothing_old_comes_back_after_a_newer_value() {
    let (cache, slow, writes) = on_its_way("newer");
    cache.blocking().put(&1, 2).unwrap();
    assert_eq!(cache.blocking().get(&1), Some(2));
    slow.arrive(&writes);
    assert_eq!(cache.blocking().get(&1), None, "the old value arrived late");
}

#[test]
fn what_arrives_late_and_was_not_changed_is_good() {
    let (cache, slow, writes) = on_its_way("good");
    slow.arrive(&writes);
    assert_eq!(cache.blocking().get(&1), Some(1));
}
