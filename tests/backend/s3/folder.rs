//! A folder and a bucket hold the same objects.

use std::fs;
use std::path::Path;

use dcache::{Cache, Fs};

use super::*;

/// Copies what is below a folder as programs do that synchronise folders and buckets: by name and content.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let name = item.file_name();
        // the server keeps notes of its own
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        match item.file_type().unwrap().is_dir() {
            true => copy(&item.path(), &to.join(name)),
            // a new file with the content alone: neither times nor rights go along
            false => fs::write(to.join(name), fs::read(item.path()).unwrap()).unwrap(),
        }
    }
}

fn cache(tier: impl Backend) -> Cache<String, String> {
    let cache = Cache::builder("quotes").no_memory().tier(tier).ttl(Duration::from_secs(3600));
    cache.build().unwrap()
}

const WORDS: [&str; 4] = ["", "a", "a b/c%", "ä"];

fn fill(cache: &Cache<String, String>) {
    for word in WORDS {
        cache.blocking().put(&word.to_owned(), format!("value of {word}")).unwrap();
    }
}

fn assert_warm(cache: &Cache<String, String>) {
    for word in WORDS {
        assert_eq!(cache.blocking().get(&word.to_owned()), Some(format!("value of {word}")), "{word:?}");
    }
}

#[test]
fn a_folder_that_is_copied_into_a_bucket_is_warm() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start());
    fill(&cache(Fs::open(folder.path().join("cache")).unwrap()));
    copy(&folder.path().join("cache"), &server.folder().join("v1"));
    assert!(server.folder().join("v1/CACHEDIR.TAG").exists(), "which is no object of any key");
    let bucket = cache(tier_at(&format!("{}/v1", server.place())));
    assert_warm(&bucket);
    assert_eq!(bucket.stats().computes, 0);
    bucket.blocking().clear().unwrap();
    assert_eq!(bucket.blocking().get(&WORDS[0].to_owned()), None);
}

#[test]
fn a_bucket_that_is_copied_into_a_folder_is_warm() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Server::start());
    fill(&cache(tier_at(&format!("{}/v1", server.place()))));
    // the folder is there before: dcache writes into none that others may write to
    let fs = Fs::open(folder.path().join("cache")).unwrap();
    copy(&server.folder().join("v1"), fs.root());
    assert_warm(&cache(fs));
}
