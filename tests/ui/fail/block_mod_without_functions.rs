use dcache::dcache;

#[dcache(ttl = "1h")]
mod prices {
    pub fn price(n: u64) -> u64 {
        n
    }
}

fn main() {}
