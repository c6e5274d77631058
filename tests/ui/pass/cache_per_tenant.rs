use std::collections::HashMap;

use dcache::{Cache, dcache};

struct Tenants {
    caches: HashMap<&'static str, Cache<(String, u32), u32>>,
    other: Cache<(String, u32), u32>,
}

impl Tenants {
    fn open() -> Self {
        let open = |name: &'static str| Cache::builder(name).build().unwrap();
        let caches = ["red", "blue"].map(|tenant| (tenant, open(tenant))).into();
        Self { caches, other: open("other") }
    }

    fn cache(&self, tenant: &str) -> &Cache<(String, u32), u32> {
        self.caches.get(tenant).unwrap_or(&self.other)
    }

    #[dcache(cache = self.cache(tenant), skip(self, tenant))]
    fn quote(&self, tenant: &str, sku: &str, n: u32) -> u32 {
        tenant.len() as u32 * sku.len() as u32 * n
    }
}

impl Tenants {
    #[dcache(cache = { let tenant = tenant.trim(); self.cache(tenant) }, key = (sku, n))]
    fn checked(&self, tenant: &str, sku: &str, n: u32) -> Result<u32, String> {
        n.checked_sub(sku.len() as u32).ok_or_else(|| tenant.to_owned())
    }
}

pub(crate) fn main() {
    let tenants = Tenants::open();
    assert_eq!((tenants.quote("red", "a", 1), tenants.quote("blue", "a", 1)), (3, 4));
    assert_eq!((tenants.quote("x", "a", 1), tenants.quote("xyz", "a", 1)), (1, 1));
    assert_eq!(tenants.cache("red").stats().computes, 1);
    assert_eq!(tenants.checked("red", "aa", 1), Err("red".to_owned()));
    assert_eq!(tenants.checked("red", "a", 1), Ok(3), "shared with `quote`");
}
