use dcache::dcache;

struct Shop;

#[dcache(ttl = "1h")]
impl Shop {
    #[dcache]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
