//! What compiles, and what the attribute says where something does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Declares what compiles, and runs each of it.
macro_rules! cases {
    ($($name:ident)*) => {
        // as people write, not as they should
        #[allow(clippy::all, unreachable_pub, unused_parens)]
        mod pass {
            $(pub(super) mod $name;)*
        }
        /// What is in `pass`, as it says in `main`.
        mod good_code {
            $(#[test] fn $name() -> impl std::process::Termination {
                super::pass::$name::main()
            })*
        }
        const CASES: &[&str] = &[$(stringify!($name)),*];
    };
}

cases! {
    arguments
    associated_functions_of_generic_types
    async_trait_above
    async_trait_around_a_block
    async_trait_below
    background_arguments
    background_methods
    block_of_a_mod
    block_of_an_impl
    bodies_with_control_flow
    bodies_with_items_and_macros
    bypass_and_moves
    cache_in_a_field
    cache_injected
    cache_per_tenant
    clashing_argument_names
    coercions
    controls_of_free_functions
    declared_by_a_macro
    every_option
    futures_are_send
    generic_impls
    generics
    handles
    handles_of_trait_impls
    impls_in_macros
    impls_with_const_generics
    impls_with_lifetimes
    impls_with_where_clauses
    in_function_bodies
    keys
    macros_with_options
    memory_alone_needs_no_serde
    method_argument_patterns
    method_futures_are_send
    method_receivers
    method_receivers_async
    method_recursion
    method_self_in_options
    methods_of_foreign_and_odd_types
    methods_with_inner_functions
    native_async_traits
    option_backend_memory
    option_backend_remote
    option_cache_if
    option_coalesce_and_write
    option_companion
    option_max_size_and_codec
    option_name_and_version
    option_seal
    option_skip
    option_staleness
    option_ttl
    options_and_units
    own_backend
    raw_identifiers
    recursion
    results
    results_by_path
    results_of_methods
    shared_and_owned_strings
    sync_and_async
    tokio_main
    trait_default_methods
    trait_impl_methods
    values_of_every_kind
}

/// Cases where the whole attribute is to blame, and why.
const WHOLE_ATTRIBUTE: [(&str, &str); 4] = [
    ("argument_under_cfg", "the `cfg` is to be removed"),
    ("block_hidden_by_cfg_attr", "the `cfg_attr` is to be replaced"),
    ("block_twice", "the second attribute is to be removed"),
    ("function_twice_cached", "the second attribute is to be removed"),
];

/// Declares what needs a crate of its own, and runs each of it: the binaries of this package.
macro_rules! programs {
    ($($name:ident)*) => {
        /// What is in `alone`, as it says in `main`.
        mod good_code_of_a_crate_of_its_own {
            $(#[test] fn $name() {
                super::run(env!(concat!("CARGO_BIN_EXE_", stringify!($name))));
            })*
        }
        const PROGRAMS: &[&str] = &[$(stringify!($name)),*];
    };
}

programs! {
    associated_functions
    attributes_and_visibility
    bodies_with_unsafe_and_closures
    hostile_names
    lints
    other_attributes
    renamed_crate
    same_names_do_not_share
    visibility
}

fn run(program: &str) {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_case_that_compiles_is_run() {
    for (folder, cases) in [("pass", CASES), ("alone", PROGRAMS)] {
        let stems = sources(folder).into_iter().map(|path| path.file_stem().unwrap().to_owned());
        let mut files: Vec<_> = stems.map(|stem| stem.into_string().unwrap()).collect();
        files.sort();
        assert_eq!(files, cases);
    }
}

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}

#[test]
fn there_is_a_case_for_every_shape_and_every_mistake() {
    let (pass, fail) = (CASES.len() + PROGRAMS.len(), sources("fail").len());
    assert!(pass >= 60, "{pass} cases that compile are left");
    assert!(fail >= 120, "{fail} cases that do not compile are left");
}

#[test]
fn every_mistake_has_its_explanation() {
    let silent: Vec<_> =
        mistakes().into_iter().filter(|case| !case.with_extension("stderr").exists()).collect();
    assert!(silent.is_empty(), "cases without a `.stderr`: {silent:#?}");
}

#[test]
fn explanations_name_nothing_that_is_generated() {
    for (name, text) in explanations() {
        let found = text.lines().find(|line| line.to_lowercase().contains("__dcache"));
        assert_eq!(found, None, "in {name}");
    }
}

#[test]
fn explanations_point_at_a_token_and_not_at_the_attribute() {
    let mut found: Vec<_> =
        explanations().into_iter().filter(|(_, text)| points_at_an_attribute(text)).collect();
    found.retain(|(name, _)| WHOLE_ATTRIBUTE.iter().all(|(allowed, _)| name != allowed));
    assert!(found.is_empty(), "{:#?}", found.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[test]
fn allowances_are_needed() {
    for (name, reason) in WHOLE_ATTRIBUTE {
        let text = explanations().into_iter().find(|(known, _)| known == name);
        assert!(text.is_some_and(|(_, text)| points_at_an_attribute(&text)), "{name}: {reason}");
    }
}

/// Tells whether an error has its place, `^^^`, under an attribute from `#[` on. Places of notes are not looked at.
fn points_at_an_attribute(text: &str) -> bool {
    let mut in_error = false;
    let lines: Vec<&str> = text.lines().collect();
    lines.windows(2).any(|pair| {
        let start = |word| pair[0].starts_with(word);
        in_error = match start("error") {
            true => true,
            false => in_error && !start("note") && !start("help") && !start("warning"),
        };
        let attribute = pair[0].find('|').and_then(|bar| Some(bar + pair[0][bar..].find("#[")?));
        let is_marked = |at: usize| pair[1].as_bytes().get(at) == Some(&b'^');
        in_error && attribute.is_some_and(is_marked)
    })
}

fn explanations() -> Vec<(String, String)> {
    let read = |case: PathBuf| {
        let text = fs::read_to_string(case.with_extension("stderr")).unwrap_or_default();
        (case.file_stem().unwrap().to_string_lossy().into_owned(), text)
    };
    mistakes().into_iter().map(read).collect()
}

fn mistakes() -> Vec<PathBuf> {
    ["fail", "../bare/fail"].into_iter().flat_map(sources).collect()
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}
