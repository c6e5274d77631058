use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache(companion = type, skip(self))]
    fn price(&self, n: u64) -> u64 {
        n
    }

    #[dcache(companion = type)]
    fn made(n: u64) -> u64 {
        n
    }
}

fn main() {}
