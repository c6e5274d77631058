use dcache::dcache;

mod own {
    pub type Result<T, E = String> = std::result::Result<T, E>;

    pub mod deep {
        pub type Result<T> = std::io::Result<T>;
    }
}

// all go by the name `Result`, so that only `Ok` is stored
#[dcache]
fn by_std(n: u8) -> std::result::Result<u8, String> {
    n.checked_sub(1).ok_or_else(|| "zero".to_owned())
}

#[dcache]
fn by_core(n: u8) -> ::core::result::Result<u8, String> {
    n.checked_sub(1).ok_or_else(|| "zero".to_owned())
}

#[dcache]
fn by_io(n: u8) -> std::io::Result<u8> {
    n.checked_sub(1).ok_or_else(|| std::io::Error::other("zero"))
}

#[dcache]
async fn by_own(n: u8) -> own::Result<u8> {
    n.checked_sub(1).ok_or_else(|| "zero".to_owned())
}

#[dcache]
fn by_own_error(n: u8) -> own::Result<u8, ()> {
    n.checked_sub(1).ok_or(())
}

#[dcache]
fn deeper(n: u8) -> own::deep::Result<u8> {
    n.checked_sub(1).ok_or_else(|| std::io::Error::other("zero"))
}

pub(crate) fn main() {
    assert!(by_std(0).is_err() && by_std::peek(0).is_none() && by_std(1) == Ok(0));
    assert!(by_core(0).is_err() && by_core::peek(0).is_none() && by_core(1) == Ok(0));
    assert!(by_io(0).is_err() && by_io::peek(0).is_none() && by_io(1).is_ok());
    assert!(pollster::block_on(by_own(0)).is_err() && pollster::block_on(by_own::peek(0)).is_none());
    assert!(by_own_error(0).is_err() && by_own_error::peek(0).is_none());
    assert!(deeper(0).is_err() && deeper::peek(0).is_none());
    let ok: Option<u8> = { deeper(1).unwrap(); deeper::peek(1) };
    assert_eq!(ok, Some(0), "the value that is stored is that of `Ok`");
}
