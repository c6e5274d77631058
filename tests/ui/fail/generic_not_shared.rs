use dcache::dcache;

#[dcache]
fn f<T: Clone + Eq + std::hash::Hash + 'static>(value: T) -> bool {
    let _ = value;
    true
}

fn main() {}
