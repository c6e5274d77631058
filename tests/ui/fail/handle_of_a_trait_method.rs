use dcache::dcache;

trait Price {
    fn of(&self, n: u64) -> u64;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop;

impl Price for Shop {
    #[dcache(companion = handle)]
    fn of(&self, n: u64) -> u64 {
        n
    }
}

fn main() {}
