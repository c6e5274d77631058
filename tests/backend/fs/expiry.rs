//! Entries and their lives.

use super::*;

#[test]
fn an_entry_is_gone_after_its_life() {
    let (_folder, fs) = quiet();
    let hour = Duration::from_secs(3600);
    BlockingBackend::set(&fs, &key("short"), "x".into(), Some(hour), BUDGET).unwrap();
    BlockingBackend::set(&fs, &key("for ever"), "x".into(), None, BUDGET).unwrap();
    BlockingBackend::set(&fs, &key("as good as"), "x".into(), Some(Duration::MAX), BUDGET).unwrap();
    assert!(get(&fs, &key("short")).unwrap().is_some());
    clock::advance(hour);
    assert_eq!(get(&fs, &key("short")).unwrap(), None);
    assert!(path(&fs, &key("short")).exists(), "reading removes nothing");
    assert!(get(&fs, &key("for ever")).unwrap().is_some());
    assert!(get(&fs, &key("as good as")).unwrap().is_some());
    set(&fs, &key("short"), "y").unwrap();
    assert_eq!(get(&fs, &key("short")).unwrap().unwrap(), "y");
}

#[test]
fn an_entry_without_life_is_a_miss() {
    let (_folder, fs) = opened();
    BlockingBackend::set(&fs, &key("a"), "x".into(), Some(Duration::ZERO), BUDGET).unwrap();
    assert_eq!(get(&fs, &key("a")).unwrap(), None);
}

#[test]
fn a_sweep_removes_the_expired_and_nothing_else() {
    let (_folder, fs) = quiet();
    for n in 0..50 {
        let life = Some(Duration::from_secs(if n % 2 == 0 { 5 } else { 60 * 60 * 24 }));
        BlockingBackend::set(&fs, &key(&n.to_string()), "x".into(), life, BUDGET).unwrap();
    }
    clock::advance(Duration::from_secs(5));
    assert_eq!(fs.sweep().unwrap(), 25 * 4096);
    for n in 0..50 {
        assert_eq!(path(&fs, &key(&n.to_string())).exists(), n % 2 == 1);
    }
}
