//! Which server, folder or bucket a backend is: two of one place hold the same entries.

use std::any::Any;

/// Tells which server, folder or bucket a backend is, of those that are dcache's own.
pub(crate) fn of(backend: &dyn Any) -> Option<String> {
    #[cfg(feature = "redis")]
    if let Some(redis) = backend.downcast_ref::<crate::Redis>() {
        return Some(redis.address().to_owned());
    }
    #[cfg(feature = "s3")]
    if let Some(s3) = backend.downcast_ref::<crate::S3>() {
        return Some(s3.address().to_owned());
    }
    #[cfg(feature = "fs")]
    if let Some(fs) = backend.downcast_ref::<crate::Fs>() {
        return Some(folder(fs.root()));
    }
    let _ = backend;
    None
}

/// Returns the place of a folder.
#[cfg(feature = "fs")]
pub(crate) fn folder(path: &std::path::Path) -> String {
    format!("fs {}", path.display())
}
