use dcache::dcache;

struct Shop {
    ratio: f64,
}

impl Shop {
    #[dcache(key = self.ratio)]
    fn price(&self) -> u64 {
        self.ratio as u64
    }
}

fn main() {}
