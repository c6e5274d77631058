//! Keys on the wire and names of files show an argument only where a template puts it, and logs never.

use std::path::Path;
use std::sync::OnceLock;

use dcache::{Fs, Redis, dcache};
use dcache_tests::redis::Server;
use dcache_tests::run;

use crate::canary::{form_in, secret};
use crate::ears;
use crate::wire::Wire;

static TIERS: OnceLock<(Redis, Fs)> = OnceLock::new();

/// Returns the tiers of this file's test; in the other tests, where its functions are listed too, some of no use.
fn tiers() -> &'static (Redis, Fs) {
    let unused = || {
        (
            Redis::connect("redis://127.0.0.1:1").unwrap(),
            Fs::open(concat!(env!("CARGO_TARGET_TMPDIR"), "/unused")).unwrap(),
        )
    };
    TIERS.get_or_init(unused)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
struct Customer {
    name: String,
    tags: Vec<String>,
}

#[dcache(name = "whole", backend = [memory, tier(tiers().0.clone()), tier(tiers().1.clone())], ttl = "1h", codec = json)]
fn whole(customer: &Customer, word: &str, bytes: &[u8]) -> Customer {
    let _ = (word, bytes);
    customer.clone()
}

#[dcache(name = "awaited", backend = [memory, tier(tiers().0.clone()), tier(tiers().1.clone())], ttl = "1h")]
async fn awaited(word: &str) -> Result<String, String> {
    Ok(word.to_owned())
}

#[dcache(name = "templated", key = "user:{word}", backend = [memory, tier(tiers().0.clone()), tier(tiers().1.clone())], ttl = "1h")]
fn templated(word: &str) -> String {
    word.to_owned()
}

struct Till {
    owner: String,
}

#[dcache(name = "till", backend = [memory, tier(tiers().0.clone())], ttl = "1h")]
impl Till {
    #[dcache(key = (self.owner.clone(), word.to_owned()))]
    fn of(&self, word: &str) -> String {
        format!("{}{word}", self.owner)
    }
}

/// Returns every name below a folder.
fn names(folder: &Path) -> Vec<String> {
    let below = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let each = |path: std::path::PathBuf| {
        let name = path.display().to_string();
        if path.is_dir() { [vec![name], names(&path)].concat() } else { vec![name] }
    };
    below.flat_map(each).collect()
}

#[test]
fn only_a_template_puts_an_argument_into_keys_and_paths() {
    ears::open();
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    let wire = Wire::tap(&server);
    let own = (Redis::connect(&server.url()).unwrap(), Fs::open(folder.path().join("cache")).unwrap());
    assert!(TIERS.set(own).is_ok());
    let customer = Customer { name: secret("name"), tags: vec![secret("tag")] };
    let (word, bytes) = (secret("word"), secret("bytes").into_bytes());

    for _ in 0..2 {
        assert_eq!(whole(&customer, &word, &bytes), customer);
        assert_eq!(run(awaited(&word)).unwrap(), word);
        assert_eq!(templated(&word), word);
    }
    let till = Till { owner: secret("owner") };
    till.of(&word);
    ears::debug(&till.of_cache(&word));
    ears::debug(&till.of_cache(&word).cache());
    ears::debug(&till.of_cache(&word).entry());
    ears::hear("key", whole::key(&customer, &word, &bytes));
    ears::hear("key", awaited::key(&word));
    ears::debug(&whole::entry(&customer, &word, &bytes));
    ears::debug(&run(awaited::entry(&word)));
    ears::debug(&templated::entry(&word));
    ears::debug(&whole::stats());
    assert_eq!(whole::peek(&customer, &word, &bytes).as_ref(), Some(&customer));
    whole::put(&customer, &word, &bytes, customer.clone()).unwrap();
    whole::refresh(&customer, &word, &bytes);
    whole::uncached(&customer, &word, &bytes);
    run(awaited::put(&word, word.clone())).unwrap();
    whole::invalidate(&secret_customer(), &word, &bytes).unwrap();
    run(awaited::invalidate(&secret("other"))).unwrap();
    let files = names(folder.path());
    whole::clear().unwrap();
    run(awaited::clear()).unwrap();
    ears::program();

    let shown = |lines: &[String]| -> Vec<String> {
        lines.iter().filter(|line| form_in(line).is_some()).cloned().collect()
    };
    for (lines, mark) in [(wire.commands(&server), "dcache:templated:user:"), (files, "dcache/templated/")] {
        assert!(lines.len() > 6, "{lines:#?}");
        let shown = shown(&lines);
        assert!(!shown.is_empty(), "a template's argument is there to see: {lines:#?}");
        assert!(shown.iter().all(|line| line.contains(mark)), "{shown:#?}");
    }
    assert!(form_in(&templated::key(&word)).is_some());
    templated::clear().unwrap();
    ears::program();
    ears::assert_heard("entries cleared");
    ears::assert_no_secret();
}

fn secret_customer() -> Customer {
    Customer { name: secret("another"), tags: Vec::new() }
}
