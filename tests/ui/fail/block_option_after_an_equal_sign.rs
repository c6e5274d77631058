use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[dcache]
impl Shop {
    #[dcache = "1h"]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
