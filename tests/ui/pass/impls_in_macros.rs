use dcache::dcache;

macro_rules! shop {
    ($name:ident, $id:ty, $ttl:literal, $method:ident) => {
        #[derive(Clone, PartialEq, Eq, Hash)]
        struct $name($id);

        impl $name {
            #[dcache(ttl = $ttl)]
            fn $method(&self, n: u64) -> u64 {
                n + u64::from(self.0)
            }

            #[dcache(companion = none)]
            fn made(id: $id) -> Self {
                Self(id)
            }
        }

        #[dcache(ttl = $ttl)]
        impl $name {
            #[dcache]
            fn in_a_block(&self, n: $id) -> $id {
                self.0 + n
            }
        }
    };
}

shop!(Small, u8, "1h", price);
shop!(Large, u32, "2h", cost);

macro_rules! methods {
    ($($(#[$attr:meta])* fn $name:ident(&$this:ident $(, $arg:ident: $ty:ty)*) -> $ret:ty $body:block)*) => {
        impl Small {
            $($(#[$attr])* fn $name(&$this $(, $arg: $ty)*) -> $ret $body)*
        }
    };
}

methods! {
    #[dcache]
    fn doubled(&self, by: u8) -> u8 {
        self.0 * by
    }

    #[dcache(skip(self))]
    #[must_use]
    fn fixed(&self) -> &'static str {
        "fixed"
    }
}

pub(crate) fn main() {
    assert_eq!((Small(1).price(2), Large(2).cost(2)), (3, 4));
    assert_eq!((Small::made(3).0, Large::made(4).0), (3, 4));
    assert_eq!((Small(1).in_a_block(2), Large(1).in_a_block(3)), (3, 4));
    assert_eq!(Small(1).in_a_block_cache(2).peek(), Some(3));
    assert_eq!((Small(2).doubled(3), Small(2).fixed()), (6, "fixed"));
}
