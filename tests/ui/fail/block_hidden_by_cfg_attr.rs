use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[dcache(ttl = "1h")]
impl Shop {
    #[cfg_attr(all(), dcache)]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
