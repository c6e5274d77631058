//! Chaos: a bad cache changes no answer.

mod chaos;
mod model;
mod rack;
mod run;
mod truth;
mod world;
