use dcache::dcache;

struct Shop;

#[dcache(skip(self))]
impl Shop {
    #[dcache]
    const fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
