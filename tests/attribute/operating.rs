//! `docs/operating.md` has every line that is logged, and everything that is counted.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/operating.md")).unwrap()
}

/// Returns the literals of all log calls in a source, tests left out.
fn logged(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap();
    let calls =
        ["log::error(", "log::warn(", "log::info("].into_iter().flat_map(|call| code.split(call).skip(1));
    let literal = |call: &str| {
        let start = call.find('"')? + 1;
        // a comma before it means that the words come from elsewhere
        let end = start + call[start..].replace("\\\"", "__").find('"')?;
        call[..start].contains("format_args!(").then(|| call[start..end].to_owned())
    };
    calls.filter_map(literal).collect()
}

/// Returns the longest part of a format string that is the same every time.
fn longest_constant(format: &str) -> String {
    let joined: String = format.split("\\\n").map(str::trim_start).collect();
    let known = joined.replace("{KEYS}", "10000").replace("{FAILURES}", "5");
    let parts = known.split(['{', '}']).step_by(2).map(|part| part.trim_matches([' ', ':', '`', ';', ',']));
    parts.max_by_key(|part| part.len()).unwrap().to_owned()
}

#[test]
fn every_line_that_is_logged_is_explained() {
    let page = page().replace("`…`", "");
    let mut lines = 0;
    for file in fs::read_dir(root().join("dcache/src")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for format in logged(&fs::read_to_string(&path).unwrap()) {
            let part = longest_constant(&format);
            if part.is_empty() {
                continue; // an error in its own words
            }
            lines += 1;
            let begin = part.split(": ").next().unwrap();
            assert!(
                page.contains(begin),
                "docs/operating.md does not explain {part:?} of {}",
                path.display()
            );
        }
    }
    assert!(lines > 20, "only {lines} lines were found in the sources");
}

#[test]
fn every_count_is_explained() {
    let page = page();
    let stats = fs::read_to_string(root().join("dcache/src/stats.rs")).unwrap();
    let fields = stats
        .lines()
        .filter_map(|line| line.strip_prefix("    pub ")?.split_once(": ").map(|(name, _)| name));
    let fields: Vec<_> = fields.filter(|name| *name != "name" && *name != "tiers").collect();
    assert!(fields.len() > 12, "{fields:?}");
    for field in fields {
        assert!(
            page.contains(&format!("`{field}`")) || page.contains(&format!("`tiers[].{field}`")),
            "{field}"
        );
    }
    let metrics = fs::read_to_string(root().join("dcache/src/metrics.rs")).unwrap();
    let names: Vec<_> =
        metrics.split('"').skip(1).step_by(2).filter(|name| name.starts_with("dcache_")).collect();
    assert!(names.len() > 12, "{names:?}");
    names.iter().for_each(|name| assert!(page.contains(&format!("`{name}`")), "{name}"));
}
