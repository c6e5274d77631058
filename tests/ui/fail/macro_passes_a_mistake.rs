use dcache::dcache;

macro_rules! cached {
    ($ttl:literal) => {
        #[dcache(ttl = $ttl)]
        fn f(n: u64) -> u64 {
            n
        }
    };
}

cached!("2 months");

fn main() {}
