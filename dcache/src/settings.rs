//! Settings of the whole program: namespace, on or off, named tiers, and what holds for single functions.

use std::collections::BTreeMap;
use std::time::Duration;

use dcache_backends::{Error, ErrorKind, Operation};

use crate::switch::turn;
pub(crate) use crate::switch::{enabled, is_on};
use crate::sync::Mutex;
use crate::tier::{self, Tier};

/// Sets up dcache for this program, before the first cached call.
///
/// What is set here comes before the environment, and that before the attribute.
///
/// ```
/// use std::time::Duration;
///
/// dcache::configure()
///     .namespace("shop")
///     .function("shop.quotes.quote", |f| f.ttl(Duration::from_secs(60)).capacity(1_000))
///     .function("shop.users.user", |f| f.enabled(false))
///     .apply()?;
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
    functions: BTreeMap<String, FunctionSettings>,
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

    /// Sets what holds for one function, or for one cache of [`Cache::builder`](crate::Cache::builder), by its name.
    ///
    /// It is the name in [`functions`](crate::functions): what the attribute says by `name`, else crate, modules and
    /// function with dots between them. That of a generic function is meant for all its types; with the types as
    /// they are listed, for these alone, and then it comes first. What is not set stays as the attribute has it.
    ///
    /// A name that no function has changes nothing, and [`check`](crate::check) reports it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use dcache::dcache;
    ///
    /// #[dcache(name = "quote", ttl = "1h")]
    /// fn quote(sku: u32) -> u32 { 100 * sku }
    ///
    /// dcache::configure()
    ///     .function("quote", |f| f.ttl(Duration::from_secs(60)))
    ///     .function("qoute", |f| f.capacity(1_000))
    ///     .apply()?;
    ///
    /// quote(7);
    /// assert!(quote::entry(7).unwrap().remaining <= Some(Duration::from_secs(60)));
    ///
    /// let fault = pollster::block_on(dcache::check()).unwrap_err();
    /// assert!(fault.to_string().contains("no function is called `qoute`"));
    /// # Ok::<(), dcache::Error>(())
    /// ```
    pub fn function(
        mut self,
        name: impl Into<String>,
        set: impl FnOnce(FunctionSettings) -> FunctionSettings,
    ) -> Self {
        let settings = self.functions.entry(name.into()).or_default();
        *settings = set(std::mem::take(settings));
        self
    }

    /// Applies the settings. Those of a former `apply` stay where these say nothing.
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
        for (name, function) in self.functions {
            let known = &mut settings.functions.entry(name).or_default().settings;
            *known = function.or(std::mem::take(known));
        }
        tier::name(self.tiers);
        Ok(())
    }
}

/// What is set for one function; see [`Configuration::function`].
#[derive(Clone, Debug, Default)]
#[must_use = "hand it back to `Configuration::function`"]
pub struct FunctionSettings {
    pub(crate) ttl: Option<Duration>,
    pub(crate) capacity: Option<usize>,
    pub(crate) enabled: Option<bool>,
}

impl FunctionSettings {
    /// Sets how long a value is fresh, in place of what the function says; one that depends on the value is
    /// replaced too.
    ///
    /// A tier that has a shorter time to live of its own keeps it. A zero stores nothing.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets how many entries memory holds, in place of the function's number of entries or bytes; at least one.
    ///
    /// A function that holds nothing in memory has no use for it, which is a fault of its configuration.
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = Some(entries);
        self
    }

    /// Switches the caching of this function on or off: default on.
    ///
    /// While it is off every call of it runs its body, and no tier is touched, as if all caching were
    /// [off](crate::set_enabled). It is cached where both this and the program's switch are on.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Takes what is not set here from there.
    fn or(self, other: Self) -> Self {
        Self {
            ttl: self.ttl.or(other.ttl),
            capacity: self.capacity.or(other.capacity),
            enabled: self.enabled.or(other.enabled),
        }
    }
}

/// Switches all caching of this program on or off, at any time.
///
/// While it is off every call runs its body, and no tier is touched; only `invalidate`, `clear` and `put` still
/// remove what is there, so that nothing old is found when it is on again.
///
/// ```
/// use dcache::dcache;
///
/// #[dcache]
/// fn double(n: u64) -> u64 { 2 * n }
///
/// dcache::set_enabled(false);
/// assert_eq!((double(4), double(4)), (8, 8)); // two bodies
/// dcache::set_enabled(true);
/// assert_eq!(double::peek(4), None);
/// ```
pub fn set_enabled(enabled: bool) {
    SETTINGS.lock().enabled = Some(enabled);
    turn(enabled);
}

static SETTINGS: Mutex<Settings> =
    Mutex::new(Settings { namespace: None, enabled: None, functions: BTreeMap::new(), is_in_use: false });

struct Settings {
    namespace: Option<String>,
    enabled: Option<bool>,
    functions: BTreeMap<String, Named>,
    is_in_use: bool,
}

/// What is set for the function of a name.
#[derive(Default)]
struct Named {
    settings: FunctionSettings,
    /// A cache of this name was built.
    is_met: bool,
}

/// Returns what is set for a cache that is being built, by its name or that of the generic function it belongs to.
pub(crate) fn of_function(name: &str, generic: Option<&str>) -> FunctionSettings {
    let mut settings = SETTINGS.lock();
    let mut meet = |name: &str| {
        let named = settings.functions.get_mut(name)?;
        named.is_met = true;
        Some(named.settings.clone())
    };
    let (own, general) = (meet(name), generic.and_then(&mut meet));
    own.unwrap_or_default().or(general.unwrap_or_default())
}

/// Returns a fault for each name for which something is set and that no function has; `listed` are the names of
/// those that may not have been called.
pub(crate) fn strays(listed: &[String]) -> Vec<Error> {
    let settings = SETTINGS.lock();
    let strays = settings.functions.iter().filter(|(name, named)| !named.is_met && !listed.contains(name));
    strays.map(|(name, _)| stray(name, listed)).collect()
}

fn stray(name: &str, listed: &[String]) -> Error {
    let last = |name: &str| name.rsplit(['.', ':']).next().unwrap_or_default().to_owned();
    let advice = match listed.iter().find(|other| last(other) == last(name)) {
        Some(other) => format!("did you mean `{other}`?"),
        None => "`dcache::functions()` lists the names that there are".to_owned(),
    };
    Error::new(ErrorKind::Config, Operation::Configure)
        .with_context(format!("no function is called `{name}`, which `dcache::configure` names; {advice}"))
}

/// Returns what the program last said about the switch, for [`restore`].
#[cfg(feature = "testing")]
pub(crate) fn switched() -> Option<bool> {
    SETTINGS.lock().enabled
}

/// Sets the switch to what it was when the program had last said this.
#[cfg(feature = "testing")]
pub(crate) fn restore(enabled: Option<bool>) {
    SETTINGS.lock().enabled = enabled;
    turn(enabled.unwrap_or_else(|| !is_disabled_by_environment()));
}

/// Settles the settings, because a cache is being built, and returns the namespace.
pub(crate) fn settle() -> String {
    let mut settings = SETTINGS.lock();
    if !std::mem::replace(&mut settings.is_in_use, true) {
        let enabled = settings.enabled.unwrap_or_else(|| !is_disabled_by_environment());
        turn(enabled);
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
