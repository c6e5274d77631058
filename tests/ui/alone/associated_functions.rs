use std::sync::atomic::{AtomicU32, Ordering};

use dcache::dcache;

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

#[derive(Clone, Debug, PartialEq)]
struct Shop(u32);

impl Shop {
    #[dcache]
    fn open(_city: &str) -> Self {
        Self(next())
    }

    #[dcache]
    fn count(_city: &str) -> u32 {
        next()
    }

    #[dcache]
    async fn wait(_city: &str) -> Result<u32, String> {
        Ok(next())
    }

    #[dcache]
    fn nothing() -> u32 {
        next()
    }
}

#[rustfmt::skip]
impl Shop { #[dcache] fn one_line(_n: u8) -> u32 { next() } }

mod deep {
    pub mod deeper {
        use dcache::dcache;

        pub struct Till;

        impl Till {
            #[dcache]
            pub(crate) fn number(_n: u8) -> u32 {
                crate::next()
            }
        }
    }
}

fn main() {
    assert_eq!(Shop::open("rome"), Shop::open("rome"));
    assert_ne!(Shop::open("rome"), Shop::open("oslo"));
    assert_eq!(Shop::count("rome"), Shop::count("rome"));
    assert_eq!(pollster::block_on(Shop::wait("rome")), pollster::block_on(Shop::wait("rome")));
    assert_eq!(Shop::nothing(), Shop::nothing());
    assert_eq!(Shop::one_line(1), Shop::one_line(1));
    assert_eq!(deep::deeper::Till::number(1), deep::deeper::Till::number(1));
}
