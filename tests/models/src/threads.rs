//! What flights and errands take to order threads: a model checker's, in the place of `dcache/src/threads.rs`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{BuildHasherDefault, Hash};
use std::ops::Deref;

use dcache_backends::clock::Tick;
use dcache_backends::memory::{self, Capacity, Evicted, Slot};
use equivalent::Equivalent;

pub(crate) use checker::{AtomicBool, AtomicU64, FEW, block_on, check, spawn, thread_local};

/// Not random, so that every execution of a model is the same but for the order of its threads.
pub(crate) type RandomState = BuildHasherDefault<DefaultHasher>;

/// All keys share one lock: models are about what happens to one key.
pub(crate) fn shards() -> usize {
    1
}

pub(crate) struct Mutex<T>(checker::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(checker::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> checker::MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The map, and a lock that the checker sees in the place of those inside of it.
pub(crate) struct Store<K, V> {
    map: memory::Store<K, V>,
    lock: Mutex<()>,
}

impl<K: Hash + Eq, V: Clone> Store<K, V> {
    pub(crate) fn new(capacity: Capacity<V>) -> Self {
        Self { map: memory::Store::new(capacity), lock: Mutex::new(()) }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<Slot<V>> {
        let _lock = self.lock.lock();
        self.map.get(key)
    }

    pub(crate) fn value<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(V, Tick)> {
        let _lock = self.lock.lock();
        self.map.value(key)
    }

    pub(crate) fn insert(&self, key: K, slot: Slot<V>) -> Evicted<K, V>
    where
        K: Clone,
    {
        let _lock = self.lock.lock();
        self.map.insert(key, slot)
    }

    pub(crate) fn remove<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<(K, Slot<V>)> {
        let _lock = self.lock.lock();
        self.map.remove(key)
    }

    pub(crate) fn clear(&self) {
        let _lock = self.lock.lock();
        self.map.clear();
    }
}

impl<K, V> Deref for Store<K, V> {
    type Target = memory::Store<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

/// Every order of the threads of a model.
#[cfg(feature = "loom")]
mod checker {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};

    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    use loom::thread::{Builder, JoinHandle};

    /// Threads of a model that do the same.
    pub(crate) const FEW: usize = 1;

    /// In words; loom's own stacks are too small for code that is not optimised.
    const STACK: usize = 0x8000;

    pub(crate) fn spawn<T: Send + 'static>(thread: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        Builder::new().stack_size(STACK).spawn(thread).expect("a model has few threads")
    }

    pub(crate) fn check(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.max_branches = 10_000;
        builder.preemption_bound = builder.preemption_bound.or(preemptions);
        let model = Arc::new(model);
        builder.check(move || {
            let model = model.clone();
            spawn(move || model()).join().unwrap();
        });
    }

    /// loom's own knows no `const` initializers.
    macro_rules! local {
        ($(#[$meta:meta])* static $name:ident: $type:ty = const { $init:expr };) => {
            loom::thread_local!($(#[$meta])* static $name: $type = $init);
        };
        (static $name:ident: $type:ty = $init:expr) => {
            loom::thread_local!(static $name: $type = $init);
        };
    }
    pub(crate) use local as thread_local;

    struct Bell(loom::sync::Notify);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.notify();
        }
    }

    // loom's own counts references in a way that it explores as well
    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let bell = Arc::new(Bell(loom::sync::Notify::new()));
        let waker = Waker::from(bell.clone());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            bell.0.wait();
        }
    }
}

/// Random orders of more threads.
#[cfg(feature = "shuttle")]
mod checker {
    pub(crate) use shuttle::future::block_on;
    use shuttle::scheduler::RandomScheduler;
    pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64};
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    pub(crate) use shuttle::thread::spawn;
    pub(crate) use shuttle::thread_local;

    /// Threads of a model that do the same.
    pub(crate) const FEW: usize = 3;

    /// Schedules of each model, unless `DCACHE_SCHEDULES` says otherwise.
    const SCHEDULES: usize = 5_000;

    pub(crate) fn check(_preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) {
        let schedules = std::env::var("DCACHE_SCHEDULES").ok().and_then(|number| number.parse().ok());
        let mut config = shuttle::Config::new();
        config.stack_size = 0x40_000;
        let scheduler = RandomScheduler::new(schedules.unwrap_or(SCHEDULES));
        shuttle::Runner::new(scheduler, config).run(model);
    }
}
