use std::fmt::Display;
use std::sync::Arc;

use dcache::{async_trait, dcache};

type Shown = Arc<dyn Display + Send + Sync>;

#[dcache]
fn free(n: u64) -> Shown {
    if n == 0 {
        return Arc::new("zero");
    }
    Arc::new(n)
}

#[dcache]
async fn waits(n: u64) -> Shown {
    if n == 0 {
        return Arc::new("zero");
    }
    std::future::ready(()).await;
    Arc::new(n)
}

#[dcache]
fn fallible(n: u64) -> Result<Shown, Box<dyn std::error::Error>> {
    let parsed: u64 = n.to_string().parse()?;
    if n == 0 {
        return Err("zero".into());
    }
    Ok(Arc::new(parsed))
}

#[dcache]
fn slice(n: usize) -> Arc<[u8]> {
    if n == 0 {
        return Arc::new([1, 2, 3]);
    }
    vec![0; n].into()
}

#[dcache]
fn pointer(n: u8) -> fn(u8) -> u8 {
    if n == 0 {
        return |n| n + 1;
    }
    u8::count_ones_as_u8
}

trait CountOnes {
    fn count_ones_as_u8(self) -> u8;
}

impl CountOnes for u8 {
    fn count_ones_as_u8(self) -> u8 {
        self.count_ones() as u8
    }
}

struct Shop;

impl Shop {
    #[dcache(skip(self))]
    fn method(&self, n: u64) -> Shown {
        if n == 0 {
            return Arc::new("zero");
        }
        Arc::new(n)
    }

    #[dcache(skip(self))]
    async fn waits(&self, n: u64) -> Shown {
        if n == 0 {
            return Arc::new("zero");
        }
        Arc::new(n)
    }
}

#[async_trait]
trait Show {
    async fn show(&self, n: u64) -> Shown;
}

#[async_trait]
impl Show for Shop {
    #[dcache(skip(self))]
    async fn show(&self, n: u64) -> Shown {
        if n == 0 {
            return Arc::new("zero");
        }
        Arc::new(n)
    }
}

pub(crate) fn main() {
    assert_eq!((free(0).to_string(), free(1).to_string()), ("zero".into(), "1".into()));
    assert_eq!(fallible(1).unwrap().to_string(), "1");
    assert_eq!((&*slice(0), &*slice(1)), (&[1, 2, 3][..], &[0][..]));
    assert_eq!((pointer(0)(1), pointer(1)(3)), (2, 2));
    assert_eq!((Shop.method(0).to_string(), Shop.method(1).to_string()), ("zero".into(), "1".into()));
    pollster::block_on(async {
        assert_eq!((waits(0).await.to_string(), waits(1).await.to_string()), ("zero".into(), "1".into()));
        assert_eq!((Shop.waits(0).await.to_string(), Shop.waits(1).await.to_string()), ("zero".into(), "1".into()));
        assert_eq!((Shop.show(0).await.to_string(), Shop.show(1).await.to_string()), ("zero".into(), "1".into()));
    });
}
