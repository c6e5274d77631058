use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(skip(slef))]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
