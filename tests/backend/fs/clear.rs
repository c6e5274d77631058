//! Clearing a scope.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use super::*;

#[test]
fn removes_one_function_and_nothing_else() {
    let (_folder, fs) = opened();
    let scopes = [("shop", "user"), ("shop", "users"), ("shop", "user::x"), ("shop2", "user")];
    for (namespace, function) in scopes {
        for n in 0..20 {
            set(&fs, &Key::new(&Scope::new(namespace, function), &n.to_string()), "x").unwrap();
        }
    }
    assert_eq!(BlockingBackend::clear(&fs, &Scope::new("shop", "user"), BUDGET).unwrap(), 20);
    assert_eq!(pollster::block_on(Backend::clear(&fs, &Scope::new("shop", "user"))).unwrap(), 0);
    for (namespace, function) in &scopes[1..] {
        let scope = Scope::new(namespace, function);
        assert_eq!(BlockingBackend::clear(&fs, &scope, BUDGET).unwrap(), 20);
    }
}

#[test]
fn leaves_nothing_that_was_there_before_it_under_writers() {
    let (_folder, fs) = opened();
    let (scope, done) = (key("").scope().clone(), AtomicBool::new(false));
    (0..100).for_each(|n| set(&fs, &key(&format!("old{n}")), "x").unwrap());
    thread::scope(|threads| {
        for writer in 0..2 {
            let (fs, done) = (&fs, &done);
            threads.spawn(move || {
                for n in (0..50).cycle() {
                    set(fs, &key(&format!("new{writer}-{n}")), "x").unwrap();
                    if done.load(Relaxed) {
                        break;
                    }
                }
            });
        }
        let cleared: Vec<_> = (0..20).map(|_| BlockingBackend::clear(&fs, &scope, BUDGET)).collect();
        done.store(true, Relaxed);
        assert!(cleared[0].as_ref().unwrap() >= &100);
        assert!(cleared.into_iter().all(|result| result.is_ok()));
    });
    (0..100).for_each(|n| assert_eq!(get(&fs, &key(&format!("old{n}"))).unwrap(), None));
}
