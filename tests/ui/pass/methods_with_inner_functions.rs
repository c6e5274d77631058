use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Shop {
    #[dcache]
    fn outer(&self, n: u64) -> u64 {
        #[dcache]
        fn inner(n: u64) -> u64 {
            n + 1
        }
        assert_eq!(inner::peek(n), None);
        inner(n) + self.0
    }

    fn plain(&self) -> u64 {
        struct Local;
        impl Local {
            #[dcache]
            fn made(n: u64) -> u64 {
                n * 2
            }
        }
        let deep = |n| {
            #[dcache]
            fn deep(n: u64) -> u64 {
                n * 3
            }
            deep(n)
        };
        Local::made(self.0) + deep(self.0)
    }
}

pub(crate) fn main() {
    assert_eq!((Shop(1).outer(1), Shop(1).outer(1)), (3, 3));
    assert_eq!(Shop(2).plain(), 10);
}
