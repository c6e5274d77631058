use dcache::dcache;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shop {
    id: u64,
}

impl Shop {
    #[dcache(ttl = "1h", stale_while_revalidate = "10m")]
    fn name(&self, sku: u64) -> String {
        format!("{self:?} {sku}")
    }
}

fn main() {}
