//! What the options of a block are for the functions in it.

use syn::ext::IdentExt as _;
use syn::{Ident, LitStr};

use crate::function::{Function, is_called_result, is_well_known};
use crate::options::{Companion, Options, Ttl};
use crate::slot::Slot;
use crate::tiers::Tier;

impl Options {
    /// Returns these options, with the block's where there are none.
    pub(crate) fn or(self, defaults: &Self) -> Self {
        Self {
            backend: self.backend.or(&defaults.backend),
            ttl: self.ttl.or(&defaults.ttl),
            skip: self.skip.or(&defaults.skip),
            key: self.key.or(&defaults.key),
            name: self.name.or(&defaults.name),
            version: self.version.or(&defaults.version),
            cache_if: self.cache_if.or(&defaults.cache_if),
            bypass_if: self.bypass_if.or(&defaults.bypass_if),
            coalesce: self.coalesce.or(&defaults.coalesce),
            write: self.write.or(&defaults.write),
            max_size: self.max_size.or(&defaults.max_size),
            codec: self.codec.or(&defaults.codec),
            seal: self.seal.or(&defaults.seal),
            result: self.result.or(&defaults.result),
            krate: self.krate.or(&defaults.krate),
            companion: self.companion.or(&defaults.companion),
            cache: self.cache.or(&defaults.cache),
            err_ttl: self.err_ttl.or(&defaults.err_ttl),
            jitter: self.jitter.or(&defaults.jitter),
            stale_while_revalidate: self.stale_while_revalidate.or(&defaults.stale_while_revalidate),
            stale_if_error: self.stale_if_error.or(&defaults.stale_if_error),
            retry_after: self.retry_after.or(&defaults.retry_after),
            soft_timeout: self.soft_timeout.or(&defaults.soft_timeout),
            refresh_ahead: self.refresh_ahead.or(&defaults.refresh_ahead),
            detach: self.detach.or(&defaults.detach),
        }
    }

    /// Returns a function's options, with those of its block where it has none of its own.
    ///
    /// What the block skips is skipped beside what the function does, where the function has such an argument.
    /// A name of the block is the first part of the function's.
    pub(crate) fn within(self, block: &Self, function: &Function, has_handle: bool) -> Self {
        let mut block = block.clone();
        let has = |name: &Ident| function.arguments.iter().any(|argument| argument.is_called(name));
        let own: Vec<Ident> = self.skip.get().cloned().unwrap_or_default();
        block.skip = block.skip.map(|names| {
            let added = names.into_iter().filter(|name| has(name) && !own.contains(name));
            own.iter().cloned().chain(added).collect()
        });
        block.name = block.name.map(|name| {
            let method = function.item.sig.ident.unraw();
            LitStr::new(&format!("{}.{method}", name.value()), name.span())
        });
        if self.key.get().is_some() {
            block.skip = Slot::default();
        } else if self.skip.get().is_some() {
            block.key = Slot::default();
        }
        if is_well_known(&function.returns) {
            block.result = Slot::default();
        }
        let result = self.result.get().or(block.result.get());
        if !result.copied().unwrap_or_else(|| is_called_result(&function.returns)) {
            block.stale_if_error = Slot::default();
            block.err_ttl = Slot::default();
        }
        if matches!(self.ttl.get(), Some(Ttl::Never)) {
            block.jitter = Slot::default();
            block.refresh_ahead = Slot::default();
            block.stale_while_revalidate = Slot::default();
            block.stale_if_error = Slot::default();
        }
        let tiers = self.backend.get().or(block.backend.get()).map_or(&[][..], |chain| &chain.0);
        if !tiers.iter().any(Tier::is_remote) {
            block.seal = Slot::default();
        }
        if !function.is_async() {
            block.detach = Slot::default();
        }
        let falls_back = self.stale_if_error.get().or(block.stale_if_error.get()).is_some();
        if !function.is_async() || !falls_back {
            block.soft_timeout = Slot::default();
        }
        let has_older_values = [&self, &block].iter().any(|options| {
            options.stale_while_revalidate.get().is_some() || options.refresh_ahead.get().is_some()
        });
        if !falls_back && !has_older_values {
            block.retry_after = Slot::default();
        }
        if has_handle && block.companion.get().is_none() {
            let _ = block.companion.fill(function.item.sig.ident.span(), "`companion`", Companion::Handle);
        }
        let skip = if block.skip.get().is_some() { block.skip.clone() } else { self.skip.clone() };
        Self { skip, ..self.or(&block) }
    }
}
