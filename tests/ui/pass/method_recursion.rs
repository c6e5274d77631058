use std::future::Future;
use std::pin::Pin;

use dcache::{async_trait, dcache};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Counter(u64);

impl Counter {
    #[dcache]
    fn fibonacci(&self, n: u64) -> u64 {
        if n < 2 { n * self.0 } else { self.fibonacci(n - 1) + self.fibonacci(n - 2) }
    }

    #[dcache]
    fn associated(n: u64) -> u64 {
        if n < 2 { n } else { Self::associated(n - 1) + Self::associated(n - 2) }
    }

    #[dcache]
    async fn waits(&self, n: u64) -> u64 {
        if n == 0 {
            return self.0;
        }
        let before: Pin<Box<dyn Future<Output = u64> + '_>> = Box::pin(self.waits(n - 1));
        before.await + 1
    }
}

#[async_trait]
trait Depth {
    async fn depth(&self, n: u64) -> u64;
}

#[async_trait]
impl Depth for Counter {
    #[dcache]
    async fn depth(&self, n: u64) -> u64 {
        if n == 0 { 0 } else { 1 + self.depth(n - 1).await }
    }
}

#[dcache]
fn is_even(n: u32) -> bool {
    n == 0 || is_odd(n - 1)
}

#[dcache]
fn is_odd(n: u32) -> bool {
    n != 0 && is_even(n - 1)
}

pub(crate) fn main() {
    assert_eq!(Counter(1).fibonacci(80), 23_416_728_348_467_685);
    assert_eq!(Counter(2).fibonacci(3), 4);
    assert_eq!(Counter::associated(80), 23_416_728_348_467_685);
    assert_eq!(pollster::block_on(Counter(1).waits(4)), 5);
    assert_eq!(pollster::block_on(Counter(1).depth(4)), 4);
    assert_eq!((is_even(40), is_odd(40)), (true, false));
}
