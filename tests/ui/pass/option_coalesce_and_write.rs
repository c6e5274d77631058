use std::time::Duration;

use dcache::dcache;

#[dcache(coalesce = true)]
fn on(n: u64) -> u64 {
    n
}

#[dcache(coalesce = false)]
async fn off(n: u64) -> u64 {
    n
}

#[dcache(coalesce = "5s")]
fn patient(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[dcache(coalesce = Duration::from_millis(1 << 3))]
fn by_expression(n: u64) -> u64 {
    n
}

#[dcache(write = await)]
fn waits(n: u64) -> u64 {
    n
}

#[dcache(write = background)]
async fn in_background(n: u64) -> u64 {
    n
}

pub(crate) fn main() {
    assert_eq!((on(1), patient(1), by_expression(1), waits(1)), (1, Ok(1), 1, 1));
    assert_eq!(pollster::block_on(async { (off(1).await, in_background(1).await) }), (1, 1));
    let concurrent = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| (on(2), by_expression(2)))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(concurrent, [(2, 2); 4]);
    assert_eq!(on::stats().computes, 2);
}
