use dcache::dcache;

trait Priced {
    fn id(&self) -> u64;

    #[dcache(ttl = "1h", stale_while_revalidate = "10m", key = (self.id(), n))]
    fn price(&self, n: u64) -> u64 {
        self.id() + n
    }
}

fn main() {}
