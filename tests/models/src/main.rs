//! Checks the models whose names are given, or all, on as many threads as there are cores.

use std::sync::Mutex;
use std::time::Instant;

use dcache::models::{self, Model};

fn main() {
    let names: Vec<_> = std::env::args().skip(1).collect();
    let models: Vec<&Model> = match names.as_slice() {
        [] => models::ALL.iter().collect(),
        names => names.iter().map(|name| named(name)).collect(),
    };
    let next = Mutex::new(models.into_iter());
    let take = || next.lock().unwrap().next();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(model) = take() {
                    let start = Instant::now();
                    let tried = model.check();
                    println!("{:<66} {tried:>8} {:>8.1?}", model.name, start.elapsed());
                }
            });
        }
    });
}

fn named(name: &str) -> &'static Model {
    models::ALL.iter().find(|model| model.name == name).unwrap_or_else(|| {
        eprintln!("there is no model `{name}`");
        std::process::exit(2);
    })
}
