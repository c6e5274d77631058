use std::time::Duration;

use dcache::dcache;

macro_rules! cached {
    ($name:ident, $ttl:expr, $key:literal, $backend:tt, $skip:ident) => {
        #[dcache(ttl = $ttl, key = $key, backend = $backend)]
        fn $name(n: u64, $skip: f64) -> u64 {
            n + $skip as u64
        }
    };
}

macro_rules! passed_on {
    ($($options:tt)*) => {
        #[dcache($($options)*)]
        fn passed(n: u64, more: &str) -> usize {
            n as usize + more.len()
        }
    };
}

macro_rules! with_visibility {
    ($vis:vis $name:ident<$lt:lifetime>($pat:pat, $ty:ty) -> $ret:path) => {
        #[dcache]
        $vis fn $name<$lt>(text: &$lt str, $pat: $ty) -> $ret {
            text.to_owned()
        }
    };
}

cached!(one, Duration::from_secs(5), "n:{n}", memory, ratio);
cached!(two, "5s", "n:{n}", [memory(capacity = 10)], ratio);
passed_on!(ttl = "1h", skip(more), name = "passed");
with_visibility!(pub(crate) shown<'a>((_, _), (u8, u8)) -> String);

pub(crate) fn main() {
    assert_eq!((one(1, 0.5), one::peek(1)), (1, Some(1)));
    assert_eq!((two(1, 0.5), two::peek(1)), (1, Some(1)));
    assert_eq!((passed(1, "a"), passed(1, "abc")), (2, 2));
    assert_eq!(shown("a", (1, 2)), "a");
}
