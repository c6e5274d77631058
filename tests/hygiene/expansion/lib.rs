//! What the attribute writes for a function without controls.

#[dcache::dcache(companion = none)]
pub fn f(n: u64) -> u64 {
    n
}
