use dcache::dcache;

struct NotClone;
type Fallible<T> = std::result::Result<T, NotClone>;

#[dcache]
fn plain(n: u64) -> Result<u64, NotClone> {
    let n: u64 = if n > 9 { return Err(NotClone) } else { n };
    Ok::<_, NotClone>(Ok::<_, NotClone>(n)?)
}

#[dcache]
fn cloneable(n: u64) -> Result<u64, String> {
    n.checked_sub(1).ok_or_else(|| "too small".to_owned())
}

#[dcache(result)]
async fn alias(n: u64) -> Fallible<u64> {
    plain(n)
}

#[dcache]
fn written(text: &str) -> std::fmt::Result {
    if text.is_empty() { Err(std::fmt::Error) } else { Ok(()) }
}

#[dcache]
fn io(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    Ok(path.as_os_str().len().to_ne_bytes().to_vec())
}

// of a type called `Result` that is none, all is stored
mod custom {
    #[derive(Clone)]
    pub struct Result(pub u64);
}

#[dcache(result = false)]
fn named_alike(n: u64) -> custom::Result {
    custom::Result(n)
}

#[dcache(result = false)]
fn stored_with_its_error(n: u64) -> Result<u64, String> {
    Err(n.to_string())
}

pub(crate) fn main() {
    assert_eq!(plain(1).ok(), Some(1));
    assert_eq!(plain::peek(1), Some(1));
    assert!(plain(10).is_err() && plain::peek(10).is_none());
    assert_eq!(cloneable(0), Err("too small".to_owned()));
    assert_eq!(pollster::block_on(alias(3)).ok(), Some(3));
    assert_eq!(pollster::block_on(alias::peek(3)), Some(3));
    assert!(written("x").is_ok());
    assert_eq!(written::peek("x"), Some(()));
    assert_eq!(io("x".as_ref()).unwrap(), io::peek("x".as_ref()).unwrap());
    assert_eq!(named_alike(7).0, named_alike::peek(7).unwrap().0);
    assert!(stored_with_its_error(1).is_err());
    assert_eq!(stored_with_its_error::peek(1), Some(Err("1".to_owned())));
}
