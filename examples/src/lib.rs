//! Examples of dcache; see `quickstart.rs` beside this folder.
