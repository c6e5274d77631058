use dcache::dcache;

#[dcache]
trait Price {
    fn of(&self) -> u64;
}

fn main() {}
