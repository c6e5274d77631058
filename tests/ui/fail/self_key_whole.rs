use dcache::dcache;

struct Shop {
    id: u64,
}

impl Shop {
    #[dcache(key = (self, n))]
    fn price(&self, n: u64) -> u64 {
        self.id + n
    }
}

fn main() {}
