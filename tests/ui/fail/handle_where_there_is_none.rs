use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[dcache]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn uses() {
    Shop.price_cache(1).invalidate().unwrap();
}

fn main() {}
