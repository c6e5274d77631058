use std::fmt::Debug;
use std::hash::Hash;

use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Pair<A, B>(A, B);

impl<A, B> Pair<A, B>
where
    A: Debug + Clone + Eq + Hash + Send + Sync + 'static,
    B: Debug + Clone + Eq + Hash + Send + Sync + 'static,
{
    #[dcache]
    fn shown(&self) -> String {
        format!("{:?}{:?}", self.0, self.1)
    }

    #[dcache]
    fn with<C: Debug + Clone + Eq + Hash + Send + Sync + 'static>(&self, more: &C) -> String {
        format!("{:?}{more:?}", self.0)
    }

    #[dcache]
    fn first(&self) -> A {
        self.0.clone()
    }

    #[dcache]
    async fn second(self) -> Result<B, String>
    where
        A: Default,
    {
        Ok(self.1)
    }
}

trait Shown {
    fn shown_as(&self, prefix: &str) -> String;
}

impl<T: Debug + Clone + Eq + Hash + Send + Sync + 'static> Shown for Vec<T> {
    #[dcache]
    fn shown_as(&self, prefix: &str) -> String {
        format!("{prefix}{self:?}")
    }
}

pub(crate) fn main() {
    assert_eq!(Pair(1u8, 'a').shown(), "1'a'");
    assert_eq!(Pair(1u16, true).shown(), "1true");
    assert_eq!(Pair(1u8, 'a').with(&2u8), "12");
    assert_eq!(Pair(1u8, 'a').with(&"x"), "1\"x\"");
    assert_eq!((Pair(1u8, 'a').first(), Pair('b', 'a').first()), (1, 'b'));
    assert_eq!(pollster::block_on(Pair(1u8, 'a').second()), Ok('a'));
    assert_eq!(vec![1u8].shown_as("n"), "n[1]");
    assert_eq!(vec!["a"].shown_as("n"), "n[\"a\"]");
}
