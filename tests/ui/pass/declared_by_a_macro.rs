use dcache::dcache;

macro_rules! cached {
    ($vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty, $ttl:literal, $key:expr, $body:block) => {
        #[dcache(ttl = $ttl, key = $key)]
        $vis fn $name($($arg: $ty),*) -> $ret $body
    };
    ($name:ident($arg:ident: $ty:ty)) => {
        #[dcache]
        fn $name($arg: $ty) -> Result<$ty, String> {
            Ok($arg)
        }
    };
    ($name:ident: $ty:ty => $ret:ty) => {
        #[dcache]
        fn $name(argument: $ty, optional: Option<$ty>) -> $ret {
            optional.unwrap_or(argument).into()
        }
    };
}

cached!(pub fn length(text: &str) -> usize, "1h", text.len(), { text.len() });
cached!(fallible(n: u64));
cached!(converted: &'static str => String);
cached!(number: u8 => u64);

pub(crate) fn main() {
    assert_eq!(length("abc"), 3);
    assert_eq!(fallible(1), Ok(1));
    assert_eq!(converted("a", None), "a");
    assert_eq!(converted::peek("a", None).unwrap(), "a");
    assert_eq!(number(1, Some(2)), 2);
}
