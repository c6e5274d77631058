use dcache::dcache;

use std::rc::Rc;

#[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(seen))]
fn f(seen: Rc<u32>, n: u64) -> u64 {
    let _ = seen;
    n
}

fn main() {}
