use dcache::dcache;

trait Price {
    #[dcache]
    async fn of(&self, n: u64) -> u64;
}

fn main() {}
