use dcache::dcache;

#[dcache(ttl = |key: &u64, value: &u64| std::time::Duration::from_secs(key + value))]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
