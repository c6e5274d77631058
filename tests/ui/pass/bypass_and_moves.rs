use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Options {
    fresh: bool,
}

#[dcache(bypass_if = options == Options { fresh: true })]
fn f(options: Options, owned: String) -> String {
    let Options { fresh } = options;
    format!("{owned}{fresh}")
}

#[dcache(bypass_if = names.iter().any(|name| name.is_empty()))]
async fn g(names: Vec<String>) -> Result<Vec<String>, ()> {
    Ok(names)
}

pub(crate) fn main() {
    assert_eq!(f(Options { fresh: true }, "a".into()), "atrue");
    assert!(f::peek(Options { fresh: true }, "a".into()).is_none());
    assert_eq!(f(Options { fresh: false }, "a".into()), "afalse");
    assert!(f::peek(Options { fresh: false }, "a".into()).is_some());
    assert!(pollster::block_on(g(vec![String::new()])).is_ok());
    assert!(pollster::block_on(g::peek(vec![String::new()])).is_none());
}
