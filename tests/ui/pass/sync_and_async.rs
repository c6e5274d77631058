use dcache::dcache;

#[dcache]
fn square(n: u64) -> u64 {
    n * n
}

#[dcache]
fn constant() -> &'static str {
    "constant"
}

#[dcache]
fn nothing(_: u64) {}

#[dcache(skip(suffix))]
async fn greet(name: &str, suffix: &str) -> String {
    format!("hello {name}{suffix}")
}

pub(crate) fn main() {
    assert_eq!(square(3), 9);
    assert_eq!(square::peek(3), Some(9));
    assert_eq!(constant(), "constant");
    assert_eq!(constant::peek(), Some("constant"));
    nothing(1);
    let greeted = async {
        assert_eq!(greet("Ada", "!").await, "hello Ada!");
        assert_eq!(greet("Ada", "?").await, "hello Ada!");
        assert_eq!(greet::uncached("Ada", "?").await, "hello Ada?");
        assert_eq!(greet::refresh("Ada", "?").await, "hello Ada?");
        assert_eq!(greet::peek("Ada").await.as_deref(), Some("hello Ada?"));
        greet::put("Ada", "hi".to_owned()).await.unwrap();
        assert_eq!(greet("Ada", "").await, "hi");
        greet::invalidate("Ada").await.unwrap();
        assert!(greet::entry("Ada").await.is_none());
        greet::clear().await.unwrap();
        let _ = greet::stats();
    };
    pollster::block_on(greeted);
}
