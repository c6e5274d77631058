//! A function's objects are removed, page by page, and nothing else's.

use std::fs;

use super::*;

#[test]
fn more_than_two_pages_are_removed() {
    let server = Server::start();
    let tier = tier_at(&format!("{}/v1", server.place()));
    let (scope, other) = (Scope::new("test", "function"), Scope::new("test", "function2"));
    for n in 0..2100 {
        // as the server would: an object is a file
        let file = server.folder().join("v1").join(Key::new(&scope, &n.to_string()).object_name());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "entry").unwrap();
    }
    run(tier.set(&Key::new(&other, "a"), entry("a"), None)).unwrap();
    let before = server.requests();
    assert_eq!(run(tier.clear(&scope)).unwrap(), 2100);
    assert!(server.requests() - before <= 8, "three pages, and their removals");
    assert_eq!(run(tier.clear(&scope)).unwrap(), 0);
    assert_eq!(run(tier.get(&Key::new(&other, "a"))).unwrap(), Some(entry("a")));
}

#[test]
fn names_that_look_like_refusals_are_removed() {
    let server = Server::start();
    let tier = tier_of(&server);
    for id in ["SlowDown", "InternalError", "a&b<c>"] {
        run(tier.set(&key(id), entry(id), None)).unwrap();
    }
    assert_eq!(run(tier.clear(key("a").scope())).unwrap(), 3);
    assert_eq!(run(tier.get(&key("SlowDown"))).unwrap(), None);
}
