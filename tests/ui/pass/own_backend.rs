use dcache::{Backend, Bytes, Error, Key, Scope, async_trait, dcache};

struct Nothing;

#[async_trait]
impl Backend for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    async fn get(&self, _: &Key) -> Result<Option<Bytes>, Error> {
        Ok(None)
    }

    async fn set(&self, _: &Key, _: Bytes, _: Option<std::time::Duration>) -> Result<(), Error> {
        Ok(())
    }

    async fn remove(&self, _: &Key) -> Result<(), Error> {
        Ok(())
    }

    async fn clear(&self, _: &Scope) -> Result<u64, Error> {
        Ok(0)
    }
}

#[dcache(backend = [memory, tier(Nothing, timeout = "10ms")], ttl = "1h")]
fn f(n: u64) -> u64 {
    n
}

pub(crate) fn main() {
    assert_eq!(f(1), 1);
}
