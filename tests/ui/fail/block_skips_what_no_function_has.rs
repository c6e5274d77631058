use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[dcache(skip(slef))]
impl Shop {
    #[dcache]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
