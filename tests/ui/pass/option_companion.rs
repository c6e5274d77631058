use dcache::{Handle, dcache};

mod cached {
    use dcache::dcache;

    #[dcache(companion = type)]
    pub fn with_type(n: u64) -> u64 {
        n
    }

    #[dcache(companion = none)]
    pub fn with_none(n: u64) -> u64 {
        n
    }
}

// where a type of this name is there already
#[derive(Clone)]
#[allow(non_camel_case_types)]
struct page(u64);

#[dcache(companion = none, name = "page")]
fn page_of(n: u64) -> page {
    page(n)
}

#[dcache(companion = none)]
fn u8(n: u64) -> u64 {
    n
}

struct Shop;

impl Shop {
    #[dcache(companion = handle, skip(self))]
    fn with_handle(&self, n: u64) -> u64 {
        n
    }

    #[dcache(companion = handle)]
    async fn of_associated(n: u64) -> Result<u64, String> {
        Ok(n)
    }

    #[dcache(companion = none, skip(self))]
    fn without(&self, n: u64) -> u64 {
        n
    }
}

pub(crate) fn main() {
    assert_eq!((cached::with_type(1), cached::with_type::peek(1)), (1, Some(1)));
    assert_eq!((cached::with_none(1), page_of(1).0, u8(1), Shop.without(1)), (1, 1, 1, 1));
    assert_eq!(Shop.with_handle(1), 1);
    let handle: Handle<u64, dcache::Blocks> = Shop.with_handle_cache(1);
    assert_eq!(handle.peek(), Some(1));
    pollster::block_on(async {
        assert_eq!(Shop::of_associated(1).await, Ok(1));
        let handle: Handle<u64, dcache::Awaits> = Shop::of_associated_cache(1);
        assert_eq!(handle.peek().await, Some(1));
    });
}
