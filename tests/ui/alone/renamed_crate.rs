mod prelude {
    pub use dcache;
}

#[prelude::dcache::dcache(crate = prelude::dcache)]
fn f(n: u64) -> u64 {
    n
}

mod inner {
    #[crate::prelude::dcache::dcache(crate = crate::prelude::dcache, key = "n:{n}")]
    pub fn g(n: u64) -> Result<u64, String> {
        Ok(n)
    }
}

fn main() {
    assert_eq!(f(1), 1);
    assert_eq!(inner::g(1), Ok(1));
}
