//! What compiles, and what the attribute says where something does not.

use std::fs;
use std::path::{Path, PathBuf};

/// Cases where the whole attribute is to blame, and why.
const WHOLE_ATTRIBUTE: [(&str, &str); 4] = [
    ("argument_under_cfg", "the `cfg` is to be removed"),
    ("block_hidden_by_cfg_attr", "the `cfg_attr` is to be replaced"),
    ("block_twice", "the second attribute is to be removed"),
    ("function_twice_cached", "the second attribute is to be removed"),
];

#[test]
fn good_code_compiles() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}

#[test]
fn there_is_a_case_for_every_shape_and_every_mistake() {
    let (pass, fail) = (sources("ui/pass").len(), sources("ui/fail").len());
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
    ["ui/fail", "bare/ui/fail"].into_iter().flat_map(sources).collect()
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "rs")).collect()
}
