//! How the controls of a function answer: in place, or in a future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::mode::Mode;

/// How the controls of a function answer: [`Blocks`] for a synchronous one, [`Awaits`] for an `async fn`.
///
/// ```
/// use dcache::{Awaits, Blocks, Pending, Waits};
///
/// fn in_place(answer: <Blocks as Waits>::Of<u64>) -> u64 { answer }
/// fn in_a_future(answer: <Awaits as Waits>::Of<u64>) -> Pending<u64> { answer }
/// ```
pub trait Waits: sealed::Waits + 'static {
    /// An answer: a `T`, or a future of it.
    type Of<T>;
}

/// The controls of a synchronous function answer in place, and wait on their thread for tiers below memory.
#[derive(Clone, Copy, Debug)]
pub enum Blocks {}

/// The controls of an `async fn` answer in a future.
#[derive(Clone, Copy, Debug)]
pub enum Awaits {}

impl Waits for Blocks {
    type Of<T> = T;
}

impl Waits for Awaits {
    type Of<T> = Pending<T>;
}

pub(crate) type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(crate) mod sealed {
    use super::{Awaits, Blocks, Boxed, Mode, Pending};

    pub trait Waits: Sized {
        #[doc(hidden)]
        #[allow(private_interfaces)]
        const MODE: Mode;

        #[doc(hidden)]
        fn wait<T>(answer: Boxed<T>) -> <Self as super::Waits>::Of<T>
        where
            Self: super::Waits;
    }

    impl Waits for Blocks {
        #[allow(private_interfaces)]
        const MODE: Mode = Mode::Blocking;

        fn wait<T>(answer: Boxed<T>) -> T {
            pollster::block_on(answer)
        }
    }

    impl Waits for Awaits {
        #[allow(private_interfaces)]
        const MODE: Mode = Mode::Async;

        fn wait<T>(answer: Boxed<T>) -> Pending<T> {
            Pending(answer)
        }
    }
}

/// The answer of a control of an `async fn`: a future, which borrows nothing and may go to another task.
#[must_use = "a control does nothing before it is awaited"]
pub struct Pending<T>(Boxed<T>);

impl<T> Future for Pending<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}
