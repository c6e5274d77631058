//! Many entries in one folder: `DCACHE_TEST_OBJECTS=1_000_000` for as many as that, best in a release build.

use std::time::Instant;

use dcache_tests::figure;

use super::*;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}

#[test]
fn are_written_read_swept_and_cleared() {
    let many = figure("OBJECTS", 5_000);
    let (_folder, fs) = quiet();
    let fs = fs.capacity(1 << 40);
    let key = |n: u32| key(&n.to_string());
    let length = |n: u32| 100 + n as usize * 7919 % 3996;
    let write = |n| timed(|| set(&fs, &key(n), vec![1; length(n)]).unwrap()).0;
    let first = median((0..many / 10).map(write).collect());
    (many / 10..many - many / 10).for_each(|n| set(&fs, &key(n), vec![1; length(n)]).unwrap());
    let last = median((many - many / 10..many).map(write).collect());
    println!("a write takes {first:?} at first and {last:?} at the end");

    let some = (0..many).step_by(many as usize / 2_500);
    let read = |n| {
        let (time, found) = timed(|| get(&fs, &key(n)).unwrap());
        assert_eq!(found.unwrap().len(), length(n));
        time
    };
    let tier = median(some.clone().map(read).collect());
    let bare = median(some.map(|n| timed(|| std::fs::read(path(&fs, &key(n))).unwrap()).0).collect());
    println!("a read takes {tier:?}, one of the bare file {bare:?}");

    let (time, taken) = timed(|| fs.sweep().unwrap());
    println!("a sweep takes {time:?}");
    assert_eq!(taken, u64::from(many) * 4096);
    let small = fs.clone().capacity(taken);
    let (time, left) = timed(|| small.sweep().unwrap());
    println!("one that evicts {} of them takes {time:?}", (taken - left) / 4096);
    // the sample is a fair one, and the end is exact
    assert!((taken * 13 / 16..taken - taken / 8 + 4096).contains(&left), "{left} of {taken} are left");

    let (time, cleared) = timed(|| BlockingBackend::clear(&fs, key(0).scope(), BUDGET).unwrap());
    println!("a clear takes {time:?}");
    assert_eq!(cleared * 4096, left);
}
