//! Tells the sources of dcache that models are made of them.

fn main() {
    println!("cargo::rustc-cfg=dcache_models");
    println!("cargo::rerun-if-changed=src/build.rs");
}
