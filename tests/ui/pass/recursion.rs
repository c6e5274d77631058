use std::future::Future;
use std::pin::Pin;

use dcache::dcache;

#[dcache]
fn fibonacci(n: u64) -> u64 {
    if n < 2 { n } else { fibonacci(n - 1) + fibonacci(n - 2) }
}

#[dcache]
async fn eventually(n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let before: Pin<Box<dyn Future<Output = u64>>> = Box::pin(eventually(n - 1));
    before.await + n
}

pub(crate) fn main() {
    assert_eq!(fibonacci(80), 23_416_728_348_467_685);
    assert_eq!(pollster::block_on(eventually(4)), 10);
}
