use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn made(n: u64) -> u64 {
        n
    }
}

fn main() {}
