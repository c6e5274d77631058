//! What operators are told: by `tracing` where that feature is on; errors of set-up also go to standard
//! error where it is off, because nobody would ever learn of them otherwise.

use std::fmt::Arguments;

/// Reports what someone has to mend: a wrong configuration, a type that cannot be cached.
pub(crate) fn error(message: Arguments<'_>) {
    #[cfg(feature = "tracing")]
    tracing::error!(target: "dcache", "{message}");
    #[cfg(not(feature = "tracing"))]
    {
        use std::io::Write;
        // unlike `eprintln!`, never panics where standard error is closed
        let _ = writeln!(std::io::stderr(), "dcache: error: {message}");
    }
}

/// Reports a change for the worse that mends itself: a tier went down.
pub(crate) fn warn(message: Arguments<'_>) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "dcache", "{message}");
    #[cfg(not(feature = "tracing"))]
    let _ = message;
}

/// Reports what is as it should be: a tier that is absent, or back.
pub(crate) fn info(message: Arguments<'_>) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "dcache", "{message}");
    #[cfg(not(feature = "tracing"))]
    let _ = message;
}
