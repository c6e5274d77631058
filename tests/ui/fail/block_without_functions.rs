use dcache::dcache;

struct Shop;

#[dcache(ttl = "1h")]
impl Shop {
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
