use dcache::{Redis, dcache};

fn url() -> String {
    "redis://127.0.0.1:1".to_owned()
}

#[dcache(backend = redis)]
fn bare(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory(ttl = "1s"), redis(url = url(), ttl = "1h", timeout = "10ms"), fs("/nowhere", capacity = "1GB")])]
async fn chain(n: u64) -> Result<u64, String> {
    Ok(n)
}

#[dcache(backend = [memory, redis(env = "DCACHE_UI_URL"), fs(env = "DCACHE_UI_ROOT", timeout = "1s")])]
fn by_variable(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory, tier("ui-shelf", ttl = "1h")])]
fn by_name(n: u64) -> u64 {
    n
}

#[dcache(backend = tier(Redis::connect("redis://127.0.0.1:1").unwrap(), timeout = "10ms"))]
fn by_expression(n: u64) -> u64 {
    n
}

#[dcache(backend = [memory, s3])]
fn bucket(n: u64) -> u64 {
    n
}

#[dcache(backend = s3("http://127.0.0.1:1/bucket/prefix", ttl = "1h", timeout = "10ms"))]
fn bucket_at(n: u64) -> u64 {
    n
}

#[dcache(backend = [s3(env = "DCACHE_UI_BUCKET"), s3(url = url(), timeout = "10ms")])]
fn bucket_by_variable(n: u64) -> u64 {
    n
}

struct Shop;

impl Shop {
    #[dcache(backend = [memory, fs(path = std::path::Path::new("/nowhere"))], skip(self), companion = handle)]
    fn method(&self, n: u64) -> u64 {
        n
    }
}

pub(crate) fn main() {
    assert_eq!((bare(1), by_variable(1), by_name(1), by_expression(1)), (1, 1, 1, 1));
    assert_eq!((bucket(1), bucket_at(1), bucket_by_variable(1)), (1, 1, 1));
    assert_eq!(pollster::block_on(chain(1)), Ok(1));
    assert_eq!((Shop.method(1), Shop.method_cache(1).peek()), (1, Some(1)));
    assert!(Shop.method_cache(1).key().is_some());
}
