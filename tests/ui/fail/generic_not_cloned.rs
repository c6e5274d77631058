use dcache::dcache;

#[dcache]
fn f<T: Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> bool {
    let _ = value;
    true
}

fn main() {}
