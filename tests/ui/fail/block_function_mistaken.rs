use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

#[dcache(ttl = "1h")]
impl Shop {
    #[dcache(nmae = "price")]
    fn price(&self, n: u64) -> u64 {
        n
    }

    #[dcache]
    fn stock(&self, ratio: f64) -> u64 {
        ratio as u64
    }
}

fn uses() {
    let _ = (Shop.price(1), Shop.price_cache(1).peek(), Shop.stock_cache(0.5).peek());
}

fn main() {}
