use dcache::dcache;

#[dcache(name = "shop.price", key = "{sku}")]
fn price(sku: &str) -> usize {
    sku.len()
}

#[dcache(version = 7, name = "versioned")]
fn versioned(n: u64) -> u64 {
    n
}

#[dcache(version = source)]
fn by_source(n: u64) -> u64 {
    n
}

#[dcache(version = 0xff_u64)]
fn hexadecimal(n: u64) -> u64 {
    n
}

struct Shop;

impl Shop {
    #[dcache(name = "shop.method", skip(self), companion = handle)]
    fn method(&self, n: u64) -> u64 {
        n
    }

    #[dcache(name = "shop.made")]
    fn made(n: u64) -> u64 {
        n
    }
}

pub(crate) fn main() {
    price("a");
    assert!(price::key("a").ends_with("shop.price:a"));
    assert_eq!((versioned(1), by_source(1), hexadecimal(1)), (1, 1, 1));
    assert_eq!((Shop.method(1), Shop::made(1)), (1, 1));
    assert_eq!(Shop.method_cache(1).cache().name(), "shop.method");
    let names: Vec<String> = dcache::functions().into_iter().map(|function| function.name).collect();
    for name in ["shop.price", "versioned", "shop.method", "shop.made"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
}
