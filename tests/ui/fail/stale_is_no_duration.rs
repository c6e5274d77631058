use dcache::dcache;

const WINDOW: u32 = 600;

#[dcache(ttl = "1h", stale_while_revalidate = WINDOW)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
