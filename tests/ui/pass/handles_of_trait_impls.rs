use dcache::{Awaits, Blocks, Handle, async_trait, dcache};

trait Price {
    fn of(&self, sku: &str) -> usize;
    fn sum(n: usize) -> usize;
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(usize);

#[dcache]
impl Price for Shop {
    #[dcache]
    fn of(&self, sku: &str) -> usize {
        self.0 + sku.len()
    }

    #[dcache]
    fn sum(n: usize) -> usize {
        n + 1
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Generic<T>(T);

#[dcache]
impl<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static> Price for Generic<T> {
    #[dcache]
    fn of(&self, sku: &str) -> usize {
        sku.len()
    }

    #[dcache(companion = none)]
    fn sum(n: usize) -> usize {
        n + 2
    }
}

#[async_trait]
trait Stock {
    async fn count(&self, sku: &str) -> Option<usize>;
}

#[dcache(ttl = "1m")]
#[async_trait]
impl Stock for Shop {
    #[dcache]
    async fn count(&self, sku: &str) -> Option<usize> {
        sku.find('a')
    }
}

// no handle can stand beside an `impl` for a type of another crate
#[dcache]
impl Price for String {
    #[dcache]
    fn of(&self, sku: &str) -> usize {
        self.len() + sku.len()
    }

    #[dcache]
    fn sum(n: usize) -> usize {
        n
    }
}

pub(crate) fn main() {
    assert_eq!(Shop(1).of("ab"), 3);
    let handle: Handle<usize, Blocks> = Shop(1).of_cache("ab");
    assert_eq!(handle.peek(), Some(3));
    assert_eq!((Shop::sum(1), Shop::sum_cache(1).peek()), (2, Some(2)));
    assert_eq!(Generic(1u8).of("ab"), 2);
    assert_eq!((Generic(1u8).of_cache("ab").peek(), Generic('x').of_cache("ab").peek()), (Some(2), None));
    assert_eq!(Generic::<u8>::sum(1), 3);
    assert_eq!(pollster::block_on(Shop(1).count("xa")), Some(1));
    let handle: Handle<Option<usize>, Awaits> = Shop(1).count_cache("xa");
    assert_eq!(pollster::block_on(handle.peek()), Some(Some(1)));
    assert_eq!(("a".to_owned().of("b"), String::sum(1)), (2, 1));
}
