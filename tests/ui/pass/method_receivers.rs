use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dcache::dcache;

static BODIES: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shop(u32);

impl Shop {
    #[dcache]
    fn by_reference(&self, n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0 + n
    }

    #[dcache]
    fn by_value(self, n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0 + n
    }

    #[dcache]
    fn by_arc(self: Arc<Self>, n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0 + n
    }

    #[dcache]
    fn by_typed_reference(self: &Self, n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0 + n
    }

    #[dcache]
    fn by_box(self: Box<Self>, n: u32) -> u32 {
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0 + n
    }

    #[dcache]
    fn by_mutable_binding(mut self, n: u32) -> u32 {
        self.0 += n;
        BODIES.fetch_add(1, Ordering::SeqCst) + self.0
    }

    #[dcache(skip(self))]
    fn by_mutable_reference(&mut self, n: u32) -> u32 {
        self.0 += 1;
        BODIES.fetch_add(1, Ordering::SeqCst) + n
    }
}

pub(crate) fn main() {
    let (one, two) = (Shop(1), Shop(2));
    assert_eq!(one.by_reference(1), one.by_reference(1));
    assert_ne!(one.by_reference(1), two.by_reference(1));
    assert_eq!(one.by_value(1), one.by_value(1));
    assert_eq!(Arc::new(one).by_arc(1), Arc::new(one).by_arc(1));
    assert_eq!(one.by_typed_reference(1), one.by_typed_reference(1));
    assert_eq!(Box::new(one).by_box(1), Box::new(one).by_box(1));
    assert_eq!(one.by_mutable_binding(1), one.by_mutable_binding(1));
    assert_eq!(BODIES.load(Ordering::SeqCst), 7);
    let mut shop = Shop(7);
    assert_eq!(shop.by_mutable_reference(1), shop.by_mutable_reference(1));
    assert_eq!(shop.0, 8);
}
