use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Stall;

impl Shop {
    #[dcache(skip(self))]
    fn price(&self, n: u64) -> u64 {
        n + 1
    }

    #[dcache]
    fn made(n: u64) -> u64 {
        n + 1
    }
}

impl Stall {
    #[dcache(skip(self))]
    fn price(&self, n: u64) -> u64 {
        n + 2
    }

    #[dcache]
    fn made(n: u64) -> u64 {
        n + 2
    }
}

trait Gross {
    fn price_of(&self, n: u64) -> u64;
}

trait Net {
    fn price_of(&self, n: u64) -> u64;
}

impl Gross for Shop {
    #[dcache(skip(self))]
    fn price_of(&self, n: u64) -> u64 {
        n + 3
    }
}

impl Net for Shop {
    #[dcache(skip(self))]
    fn price_of(&self, n: u64) -> u64 {
        n + 4
    }
}

impl Gross for Stall {
    #[dcache(skip(self))]
    fn price_of(&self, n: u64) -> u64 {
        n + 5
    }
}

struct Of<T>(T);

impl Of<u8> {
    #[dcache(skip(self))]
    fn number(&self, n: u64) -> u64 {
        n + u64::from(self.0)
    }
}

impl Of<u16> {
    #[dcache(skip(self))]
    fn number(&self, n: u64) -> u64 {
        n + u64::from(self.0)
    }
}

mod other {
    #[derive(Clone, PartialEq, Eq, Hash)]
    pub struct Shop;

    impl Shop {
        #[dcache::dcache(skip(self))]
        pub fn price(&self, n: u64) -> u64 {
            n + 8
        }
    }

    #[dcache::dcache]
    pub fn free(n: u64) -> u64 {
        n + 9
    }
}

#[dcache]
fn free(n: u64) -> u64 {
    n + 10
}

fn main() {
    assert_eq!((Shop.price(0), Stall.price(0), other::Shop.price(0)), (1, 2, 8));
    assert_eq!((Shop::made(0), Stall::made(0)), (1, 2));
    assert_eq!((Gross::price_of(&Shop, 0), Net::price_of(&Shop, 0), Gross::price_of(&Stall, 0)), (3, 4, 5));
    assert_eq!((Of(6u8).number(0), Of(7u16).number(0)), (6, 7));
    assert_eq!((other::free(0), free(0)), (9, 10));
    let names: Vec<String> = dcache::functions().into_iter().map(|function| function.name).collect();
    let mut unique = names.clone();
    unique.dedup();
    assert_eq!(names, unique);
}
