//! Names of every evil kind.

use std::time::{Duration, Instant};

use dcache::Cache;

use super::*;

/// Names that mean something to a file system, a shell or a terminal, or that some do not tell apart.
fn evil() -> Vec<String> {
    let plain = [
        "",
        ".",
        "..",
        "/",
        "//",
        "/etc/passwd",
        "../../../../x",
        "a/../b",
        "a/b",
        "a\\..\\b",
        "C:\\x",
        "C:",
        "\\\\server\\share",
        "\0",
        "a\0b",
        "x\ny",
        "\r",
        "\t",
        "\x1b[2J",
        "CON",
        "con",
        "aux",
        "AUX.txt",
        "nul",
        "COM1",
        "lpt9",
        "*?<>|",
        "\"",
        "'",
        "`reboot`",
        "$(reboot)",
        "-rf",
        "--",
        "~",
        "~root",
        "%2e%2e%2f",
        "%00",
        ".dcache-1-1-0-ff",
        "CACHEDIR.TAG",
        "cachedir.tag",
        "name.",
        "name ",
        " name",
        "name",
        "NAME",
        "Name",
        "é",
        "e\u{301}",
        "\u{202e}gpj",
        "\u{feff}",
        "ﬁ",
        "fi",
        "ß",
        "SS",
        "İ",
        "i\u{307}",
        "😀",
        "\u{10ffff}",
    ];
    let mut evil: Vec<_> = plain.map(str::to_owned).into();
    evil.extend([254, 255, 256, 4096].map(|length| "n".repeat(length)));
    evil.extend([127, 128].map(|length| "ä".repeat(length)));
    evil
}

#[test]
fn of_keys_and_functions() {
    Fault {
        name: "evil names",
        cause: "functions and keys named `..`, `/etc/passwd`, `CON`, NUL, line breaks, 256 bytes, equal but for case \
                or Unicode form, …; each its own entry, and none outside of the folder",
        ..LOSING
    }
    .measure(|trial| {
        let outer = tempfile::tempdir().unwrap();
        let fs = open(&outer.path().join("a/root"));
        trial.budget(Fs::TIME_BUDGET);
        let cached = |name: &str| -> Cache<String, String> {
            let cache = Cache::builder(name).no_memory().tier(fs.clone()).ttl(Duration::from_secs(60));
            cache.build().unwrap()
        };
        let one = cached("evil");
        let others: Vec<_> = evil().iter().map(|name| cached(&format!("evil {name}"))).collect();
        let misses = || one.stats().tiers[0].misses;
        let call = |cache: &Cache<String, String>, key: &String, value: String, runs: bool| {
            let (start, mut has_run) = (Instant::now(), false);
            let got = cache.blocking().get_or_insert_with(key, || {
                has_run = true;
                value.clone()
            });
            trial.took(start.elapsed());
            assert_eq!((got, has_run), (value, runs), "{key:?}");
        };
        trial.names(misses, || {
            for runs in [true, false] {
                for key in &evil() {
                    call(&one, key, format!("of {key}"), runs);
                }
                for (nth, cache) in others.iter().enumerate() {
                    call(cache, &"key".to_owned(), format!("of function {nth}"), runs);
                }
            }
        });
        let outside: Vec<_> =
            objects(outer.path()).into_iter().filter(|path| !path.starts_with(namespace(&fs))).collect();
        assert_eq!(outside, [] as [PathBuf; 0]);
        assert_eq!(objects(outer.path()).len(), 2 * evil().len());
        others[3].blocking().clear().unwrap();
        assert_eq!(objects(outer.path()).len(), 2 * evil().len() - 1, "a function's alone");
    });
}
