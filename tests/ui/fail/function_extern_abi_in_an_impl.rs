use dcache::dcache;

struct Shop;

impl Shop {
    #[dcache]
    extern "C" fn price(n: u64) -> u64 {
        n
    }
}

fn main() {}
