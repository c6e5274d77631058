//! What an error of the file system means for a tier.

use std::io;

use super::dir::{Exposed, Link};
use crate::{Error, ErrorKind, Operation};

/// The tier's name.
pub(super) const TIER: &str = "fs";

/// Creates an error of this tier.
pub(super) fn error(kind: ErrorKind, operation: Operation) -> Error {
    Error::new(kind, operation).with_tier(TIER)
}

/// Turns an error of the file system into one that says what to do. The standard library puts no path into
/// its errors, so none gets here.
pub(super) fn fault(operation: Operation, cause: io::Error) -> Error {
    let (kind, hint) = match cause.kind() {
        _ if Link::is_cause(&cause) => (ErrorKind::Other, "; remove it"),
        _ if Exposed::is_cause(&cause) => {
            let context = format!("a folder of the tier {cause}");
            return error(ErrorKind::Denied, operation).with_context(context).with_source(cause);
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::Full, "; free some room, or lower `capacity`")
        }
        io::ErrorKind::ReadOnlyFilesystem => (ErrorKind::ReadOnly, ""),
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::Denied, "; check the owner and the permissions of the folder")
        }
        io::ErrorKind::TimedOut => (ErrorKind::Timeout, ""),
        io::ErrorKind::FileTooLarge | io::ErrorKind::OutOfMemory => (ErrorKind::TooLarge, ""),
        io::ErrorKind::IsADirectory | io::ErrorKind::DirectoryNotEmpty => {
            (ErrorKind::Other, "; a folder lies where the entry belongs, remove it")
        }
        _ => (ErrorKind::Unavailable, ""),
    };
    error(kind, operation).with_context(format!("{cause}{hint}")).with_source(cause)
}
