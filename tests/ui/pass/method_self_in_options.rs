use dcache::dcache;

struct Shop {
    id: u64,
    ratio: f64,
    opened: bool,
}

impl Shop {
    #[dcache(skip(self))]
    fn skipped(&self, n: u64) -> u64 {
        self.id + n
    }

    #[dcache(key = (self.id, sku))]
    fn keyed_by_a_field(&self, sku: &str) -> String {
        format!("{}{sku}", self.id)
    }

    #[dcache(key = "shop:{self.id}:{sku}")]
    fn keyed_by_a_template(&self, sku: &str) -> String {
        format!("{}{sku}", self.id)
    }

    #[dcache(key = self.ratio.to_bits())]
    fn keyed_by_a_call(&self) -> u64 {
        self.id
    }

    #[dcache(key = n, bypass_if = !self.opened)]
    fn bypassed(&self, n: u64) -> u64 {
        self.id + n
    }
}

pub(crate) fn main() {
    let shop = |id| Shop { id, ratio: 0.5, opened: id < 5 };
    assert_eq!((shop(1).skipped(1), shop(2).skipped(1)), (2, 2));
    assert_eq!(shop(1).keyed_by_a_field("a"), "1a");
    assert_eq!(shop(2).keyed_by_a_field("a"), "2a");
    assert_eq!(shop(1).keyed_by_a_template("a"), "1a");
    assert_eq!(shop(2).keyed_by_a_template("a"), "2a");
    assert_eq!((shop(1).keyed_by_a_call(), shop(2).keyed_by_a_call()), (1, 1));
    assert_eq!((shop(1).bypassed(1), shop(2).bypassed(1), shop(5).bypassed(1)), (2, 2, 6));
}
