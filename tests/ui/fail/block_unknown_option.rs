use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[dcache(tll = "1h")]
impl Shop {
    #[dcache]
    fn price(&self, n: u64) -> u64 {
        n
    }

    #[dcache]
    fn stock(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
