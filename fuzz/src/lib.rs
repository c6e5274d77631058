//! What the fuzz targets share.
//!
//! | file | holds |
//! |---|---|
//! | `values.rs` | types of values, of every shape that serde knows |
//! | `codec.rs` | what every codec promises |
//! | `model.rs` | serde's data model as a value: arguments of any type |

pub mod codec;
pub mod model;
pub mod values;
