use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Shop {
    #[dcache(companion = handle)]
    fn price(&self, n: u64) -> u64 {
        n
    }

    fn price_cache(&self) {}
}

fn main() {}
