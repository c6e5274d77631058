use dcache::codec::Json;
use dcache::dcache;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Page {
    title: String,
    lines: Vec<Option<u32>>,
}

fn page(n: u32) -> Page {
    Page { title: n.to_string(), lines: vec![None, Some(n)] }
}

fn root() -> std::path::PathBuf {
    std::env::temp_dir().join(format!("dcache-ui-codec-{}", std::process::id()))
}

#[dcache(backend = fs(path = root()), codec = bincode, max_size = "64KiB")]
fn bincode(n: u32) -> Page {
    page(n)
}

#[dcache(backend = fs(path = root()), codec = postcard)]
fn postcard(n: u32) -> Page {
    page(n)
}

#[dcache(backend = fs(path = root()), codec = json, max_size = "8B")]
fn json_too_large(n: u32) -> Page {
    page(n)
}

#[dcache(backend = fs(path = root()), codec = raw)]
fn raw(n: u32) -> Vec<u8> {
    vec![n as u8]
}

#[dcache(backend = fs(path = root()), codec = Json)]
fn by_name(n: u32) -> Result<Page, String> {
    Ok(page(n))
}

#[dcache(backend = fs(path = root()), codec = ::dcache::codec::Json, max_size = 1 << 20)]
fn by_path(n: u32) -> Page {
    page(n)
}

#[dcache(backend = fs(path = root()))]
fn shared(n: u32) -> std::sync::Arc<Page> {
    page(n).into()
}

pub(crate) fn main() {
    assert_eq!((bincode(1), bincode::peek(1)), (page(1), Some(page(1))));
    assert_eq!((postcard(1), postcard::peek(1)), (page(1), Some(page(1))));
    assert_eq!((json_too_large(1), json_too_large::peek(1)), (page(1), None));
    assert_eq!((raw(1), raw::peek(1)), (vec![1], Some(vec![1])));
    assert_eq!((by_name(1), by_name::peek(1)), (Ok(page(1)), Some(page(1))));
    assert_eq!((by_path(1), by_path::peek(1)), (page(1), Some(page(1))));
    assert_eq!(shared(1), shared::peek(1).unwrap());
    std::fs::remove_dir_all(root()).unwrap();
}
