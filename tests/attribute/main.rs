//! The attribute, as users write it.

mod controls;
mod keys;
mod options;
mod program;
mod shapes;
mod tiers;
