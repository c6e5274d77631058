use dcache::dcache;

use std::rc::Rc;

#[dcache(ttl = "1h", stale_while_revalidate = "10m")]
async fn f(n: u64) -> u64 {
    let counted = Rc::new(n);
    std::future::ready(()).await;
    *counted
}

fn main() {}
