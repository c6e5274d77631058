use dcache::dcache;

trait Price {
    fn base(&self) -> u64;

    #[dcache(key = (self.base(), sku))]
    fn of(&self, sku: &str) -> u64 {
        self.base() * sku.len() as u64
    }

    #[dcache(skip(self))]
    fn shared(&self, n: u64) -> u64 {
        self.base() + n
    }

    #[dcache]
    fn whole(&self, n: u64) -> u64
    where
        Self: Clone + Eq + std::hash::Hash + Send + Sync + 'static,
    {
        self.base() + n
    }

    #[dcache]
    fn without_self(n: u64) -> usize
    where
        Self: Sized,
    {
        size_of::<Self>() + n as usize
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Stall;

impl Price for Shop {
    fn base(&self) -> u64 {
        self.0
    }
}

impl Price for Stall {
    fn base(&self) -> u64 {
        7
    }
}

pub(crate) fn main() {
    assert_eq!((Shop(2).of("abc"), Shop(3).of("abc"), Stall.of("abc")), (6, 9, 21));
    assert_eq!((Shop(2).shared(1), Shop(3).shared(1), Stall.shared(1)), (3, 3, 8));
    assert_eq!((Shop(2).whole(1), Shop(3).whole(1)), (3, 4));
    assert_eq!((Shop::without_self(1), Stall::without_self(1)), (9, 1));
    let shop: &dyn Price = &Shop(5);
    assert_eq!(shop.of("a"), 5);
}
