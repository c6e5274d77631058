//! Hostile entries: small ones that claim to be large, deep or many. Each is refused within 10 ms and 2 MiB, and none
//! overflows a stack.
//!
//! | file | holds |
//! |---|---|
//! | `types.rs` | types with whose help an entry may do harm |
//! | `codecs.rs` | payloads that claim too much |
//! | `stack.rs` | payloads that are nested too deep |
//! | `tier.rs` | the same in a tier, below a function |

mod codecs;
mod stack;
mod tier;
mod types;
