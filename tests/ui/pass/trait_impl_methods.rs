use dcache::dcache;

trait Price {
    fn of(&self, sku: &str) -> u64;
    fn sum(skus: &[String]) -> usize;
    fn checked(&self, sku: &str) -> Result<u64, String>;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Price for Shop {
    #[dcache]
    fn of(&self, sku: &str) -> u64 {
        self.0 * sku.len() as u64
    }

    #[dcache]
    fn sum(skus: &[String]) -> usize {
        skus.len()
    }

    #[dcache(skip(self))]
    fn checked(&self, sku: &str) -> Result<u64, String> {
        if sku.is_empty() {
            return Err("no sku".to_owned());
        }
        Ok(self.0)
    }
}

// an `impl` for a type of another crate
impl Price for u64 {
    #[dcache]
    fn of(&self, sku: &str) -> u64 {
        self + sku.len() as u64
    }

    #[dcache]
    fn sum(skus: &[String]) -> usize {
        skus.len() * 2
    }

    #[dcache]
    fn checked(&self, _sku: &str) -> Result<u64, String> {
        Ok(*self)
    }
}

pub(crate) fn main() {
    assert_eq!((Shop(2).of("abc"), Shop(3).of("abc"), 4u64.of("abc")), (6, 9, 7));
    assert_eq!((Shop::sum(&["a".into()]), u64::sum(&["a".into()])), (1, 2));
    assert!(Shop(1).checked("").is_err());
    assert_eq!((Shop(1).checked("a"), Shop(2).checked("a"), 3u64.checked("a")), (Ok(1), Ok(1), Ok(3)));
    let shop: Box<dyn Named> = Box::new(Shop(1));
    assert_eq!(shop.name(1), "shop1");
}

trait Named {
    fn name(&self, n: u8) -> String;
}

impl Named for Shop {
    #[dcache]
    fn name(&self, n: u8) -> String {
        format!("shop{n}")
    }
}
