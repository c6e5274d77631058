use dcache::dcache;

macro_rules! sum {
    ($($n:expr),*) => { 0 $(+ $n)* };
}

#[dcache]
fn items(n: u64) -> u64 {
    use std::collections::BTreeMap;

    const BASE: u64 = 10;
    static SCALE: u64 = 2;
    struct Local(u64);
    impl Local {
        fn get(&self) -> u64 {
            self.0 * SCALE
        }
    }
    fn helper(n: u64) -> u64 {
        n + BASE
    }
    macro_rules! twice {
        ($n:expr) => {
            $n * 2
        };
    }
    let map: BTreeMap<u64, Local> = [(n, Local(n))].into();
    twice!(helper(map[&n].get()))
}

#[dcache]
fn macros(n: u64, text: &str) -> String {
    assert!(n > 0, "{n}");
    let list = vec![n; 2];
    let all = sum!(list[0], list[1], text.len() as u64);
    matches!(all, 0..).then(|| format!("{text}{all:>3}{n}")).unwrap_or_default()
}

#[dcache]
fn doc_and_attributes_inside(n: u64) -> u64 {
    #![allow(unused_variables)]
    let unused = 1;
    #[cfg(any())]
    compile_error!("not compiled");
    #[allow(clippy::let_and_return)]
    let n = n + 1;
    n
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Shop(u64);

impl Shop {
    #[dcache]
    fn method(&self, n: u64) -> u64 {
        #![allow(non_snake_case)]
        const BASE: u64 = 3;
        let SUM = sum!(self.0, n, BASE);
        debug_assert_ne!(SUM, 0);
        SUM
    }

    #[dcache]
    async fn tail(&self, n: u64) -> u64 {
        sum!(self.0, n)
    }
}

pub(crate) fn main() {
    assert_eq!(items(1), 24);
    assert_eq!(macros(1, "a"), "a  31");
    assert_eq!(doc_and_attributes_inside(1), 2);
    assert_eq!(Shop(1).method(1), 5);
    assert_eq!(pollster::block_on(Shop(1).tail(1)), 2);
}
