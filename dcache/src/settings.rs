//! Settings of the whole program: namespace, on or off, named tiers, shared tiers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use dcache_backends::{Error, ErrorKind, Operation};

use crate::sync::Mutex;
use crate::tier::{self, Tier};

/// Sets up dcache for this program, before the first cached call.
///
/// What is set here comes before the environment, and that before the attribute.
///
/// ```
/// dcache::configure().namespace("shop").apply()?;
/// # Ok::<(), dcache::Error>(())
/// ```
pub fn configure() -> Configuration {
    Configuration::default()
}

/// Settings to [`apply`](Self::apply); see [`configure`].
#[derive(Default)]
#[must_use = "nothing is set before `apply`"]
pub struct Configuration {
    namespace: Option<String>,
    enabled: Option<bool>,
    tiers: BTreeMap<String, Tier>,
}

impl Configuration {
    /// Sets the namespace that all remote keys begin with: default `DCACHE_NAMESPACE`, else `dcache`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Switches all caching on or off: default on, unless `DCACHE_DISABLE` is `1`.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Names a tier, for `backend = tier("name")` in attributes.
    pub fn tier(mut self, name: impl Into<String>, tier: impl Into<Tier>) -> Self {
        self.tiers.insert(name.into(), tier.into());
        self
    }

    /// Applies the settings.
    ///
    /// # Errors
    /// After the first cached call it is too late, and nothing is changed.
    pub fn apply(self) -> Result<(), Error> {
        let mut settings = SETTINGS.lock();
        if settings.is_in_use {
            return Err(Error::new(ErrorKind::Config, Operation::Configure).with_context(
                "`dcache::configure` comes after the first cache was built; call it first in `main`",
            ));
        }
        if let Some(enabled) = self.enabled {
            settings.enabled = Some(enabled);
        }
        if self.namespace.is_some() {
            settings.namespace = self.namespace;
        }
        tier::name(self.tiers);
        Ok(())
    }
}

/// Switches all caching of this program on or off, at any time.
///
/// While it is off every call runs its body, and no tier is touched; only `invalidate`, `clear` and `put` still
/// remove what is there, so that nothing old is found when it is on again.
pub fn set_enabled(enabled: bool) {
    SETTINGS.lock().enabled = Some(enabled);
    ENABLED.store(enabled, Relaxed);
}

/// Tells whether caching is on; a cache that is in use has made sure that the environment was read.
#[inline]
pub(crate) fn enabled() -> bool {
    ENABLED.load(Relaxed)
}

static ENABLED: AtomicBool = AtomicBool::new(true);

static SETTINGS: Mutex<Settings> = Mutex::new(Settings { namespace: None, enabled: None, is_in_use: false });

struct Settings {
    namespace: Option<String>,
    enabled: Option<bool>,
    is_in_use: bool,
}

/// Settles the settings, because a cache is being built, and returns the namespace.
pub(crate) fn settle() -> String {
    let mut settings = SETTINGS.lock();
    if !std::mem::replace(&mut settings.is_in_use, true) {
        let enabled = settings.enabled.unwrap_or_else(|| !is_disabled_by_environment());
        ENABLED.store(enabled, Relaxed);
    }
    match &settings.namespace {
        Some(namespace) => namespace.clone(),
        None => std::env::var("DCACHE_NAMESPACE")
            .ok()
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "dcache".to_owned()),
    }
}

fn is_disabled_by_environment() -> bool {
    std::env::var("DCACHE_DISABLE").is_ok_and(|value| matches!(value.as_str(), "1" | "true" | "yes" | "on"))
}
