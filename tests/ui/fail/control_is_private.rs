use dcache::dcache;

mod shop {
    use dcache::dcache;

    #[dcache]
    fn price(n: u64) -> u64 {
        n
    }
}

fn uses() -> Option<u64> {
    shop::price::peek(1)
}

fn main() {}
