use dcache::dcache;

use std::rc::Rc;

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
fn f(n: u64) -> Result<u64, Rc<str>> {
    Ok(n)
}

fn main() {}
