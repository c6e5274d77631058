//! The attribute, as users write it.

mod bucket;
mod controls;
mod isolation;
mod keys;
mod methods;
mod older;
mod operating;
mod options;
mod program;
mod seal;
mod shapes;
mod staleness;
mod switches;
mod tiers;
