use dcache::dcache;

#[dcache]
fn f(name: &str) -> &str {
    name
}

#[dcache(skip(name))]
fn g(name: &str) -> Option<std::borrow::Cow<'_, str>> {
    Some(name.into())
}

fn main() {}
