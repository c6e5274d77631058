use dcache::dcache;

fn uses() {
    f::clear().unwrap();
}

#[dcache]
fn f<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> bool {
    let _ = value;
    true
}

fn main() {}
