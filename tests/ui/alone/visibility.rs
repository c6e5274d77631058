use dcache::dcache;

mod shop {
    use dcache::dcache;

    pub mod deep {
        use dcache::dcache;

        #[dcache]
        pub(in crate::shop) fn within(n: u64) -> u64 {
            n
        }

        #[dcache]
        pub(self) fn own(n: u64) -> u64 {
            n
        }

        pub fn asked() -> Option<u64> {
            own(7);
            own::peek(7)
        }

        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct Till;

        impl Till {
            #[dcache(companion = handle)]
            pub(in crate::shop) fn within(&self, n: u64) -> u64 {
                n
            }

            #[dcache(companion = handle)]
            pub(crate) fn everywhere(&self, n: u64) -> u64 {
                n
            }
        }
    }

    #[dcache]
    pub fn public(n: u64) -> Private {
        Private(n)
    }

    // less visible than the function, as is allowed inside a private module
    #[derive(Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Private(pub u64);

    pub fn asked() -> (Option<u64>, Option<u64>) {
        (deep::within(1), deep::Till.within(2));
        (deep::within::peek(1), deep::Till.within_cache(2).peek())
    }
}

pub(crate) use shop::public as renamed;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Hidden(u64);

#[dcache]
fn hidden(hidden: Hidden) -> Hidden {
    hidden
}

fn main() {
    assert_eq!(shop::asked(), (Some(1), Some(2)));
    assert_eq!(shop::deep::asked(), Some(7));
    assert_eq!(shop::deep::Till.everywhere(3), shop::deep::Till.everywhere_cache(3).peek().unwrap());
    assert_eq!((renamed(1).0, renamed::peek(1).unwrap().0), (1, 1));
    assert_eq!(hidden(Hidden(1)).0, 1);
}
