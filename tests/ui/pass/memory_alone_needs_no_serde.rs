use std::sync::Arc;

use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Sku(Arc<str>);

struct Page(Vec<u8>);

#[dcache(backend = memory(capacity = 10, ttl = "1m"))]
fn page(sku: &Sku) -> Arc<Page> {
    Arc::new(Page(sku.0.as_bytes().to_vec()))
}

pub(crate) fn main() {
    assert_eq!(page(&Sku("a".into())).0, b"a");
}
