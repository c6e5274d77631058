use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache]
    const fn price(n: u64) -> u64 {
        n
    }
}

fn main() {}
