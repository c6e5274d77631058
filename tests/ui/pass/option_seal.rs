use std::path::PathBuf;
use std::sync::LazyLock;

use dcache::{Seal, dcache};

const KEY: [u8; 32] = [7; 32];
const KEYS: [[u8; 32]; 2] = [[8; 32], KEY];

static SEAL: LazyLock<Seal> = LazyLock::new(|| KEYS.into());

fn root() -> PathBuf {
    std::env::temp_dir().join(format!("dcache-ui-seal-{}", std::process::id()))
}

fn fetched() -> Result<Vec<[u8; 32]>, String> {
    Ok(KEYS.to_vec())
}

#[dcache(backend = fs(path = root()), seal = KEY)]
fn by_a_key(n: u32) -> u32 {
    n
}

#[dcache(backend = fs(path = root()), seal = [[8; 32], KEY])]
fn by_several(n: u32) -> u32 {
    n
}

#[dcache(backend = fs(path = root()), seal = &KEYS[..])]
fn by_a_slice(n: u32) -> u32 {
    n
}

#[dcache(backend = fs(path = root()), seal = b"an example, and no key of a shop")]
fn by_bytes(n: u32) -> u32 {
    n
}

#[dcache(backend = fs(path = root()), seal = fetched())]
fn by_a_result(n: u32) -> u32 {
    n
}

#[dcache(backend = fs(path = root()), seal = {
    let first = KEYS[0];
    [first, KEY]
})]
async fn by_a_block(n: u32) -> Result<u32, String> {
    Ok(n)
}

#[dcache(backend = [memory, fs(path = root())], seal = &*SEAL, companion = none)]
fn by_a_static<T: Clone + Copy + Send + Sync + Eq + std::hash::Hash + serde::Serialize + 'static>(n: T, m: u32) -> u32 {
    let _ = n;
    m
}

// there is no such variable: nothing is held in the folder, and the function works
#[dcache(backend = fs(path = root()), seal = Seal::from_env("DCACHE_UI_NO_SUCH_KEY"))]
fn by_a_variable(n: u32) -> u32 {
    n
}

#[dcache(backend = fs(path = root()), seal = Seal::from_hex(&std::env::var("DCACHE_UI_NO_SUCH_KEY").unwrap_or_default()))]
fn by_text(n: u32) -> u32 {
    n
}

struct Shop;

#[dcache(backend = fs(path = root()), seal = KEY, skip(self))]
impl Shop {
    #[dcache]
    fn sealed(&self, n: u32) -> u32 {
        n
    }

    // the block's seal is for those functions of it that have something to seal
    #[dcache(backend = memory)]
    fn in_memory(&self, n: u32) -> u32 {
        n
    }
}

pub(crate) fn main() {
    assert_eq!((by_a_key(1), by_a_key::peek(1)), (1, Some(1)));
    assert_eq!((by_several(1), by_several::peek(1)), (1, Some(1)));
    assert_eq!((by_a_slice(1), by_a_slice::peek(1)), (1, Some(1)));
    assert_eq!((by_bytes(1), by_bytes::peek(1)), (1, Some(1)));
    assert_eq!((by_a_result(1), by_a_result::peek(1)), (1, Some(1)));
    assert_eq!(pollster::block_on(by_a_block(1)), Ok(1));
    assert_eq!(pollster::block_on(by_a_block::peek(1)), Some(1));
    assert_eq!((by_a_static(1u8, 2), by_a_static('1', 2)), (2, 2));
    assert_eq!((by_a_variable(1), by_a_variable::peek(1)), (1, None));
    assert_eq!((by_text(1), by_text::peek(1)), (1, None));
    assert_eq!((Shop.sealed(1), Shop.sealed_cache(1).peek()), (1, Some(1)));
    assert_eq!((Shop.in_memory(1), Shop.in_memory_cache(1).peek()), (1, Some(1)));
    std::fs::remove_dir_all(root()).unwrap();
}
