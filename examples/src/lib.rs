//! Examples of dcache; see `quickstart.rs` beside this folder, then `chain.rs`.
