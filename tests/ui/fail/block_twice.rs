use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[dcache(ttl = "1h")]
#[dcache(name = "shop")]
impl Shop {
    #[dcache]
    fn price(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
