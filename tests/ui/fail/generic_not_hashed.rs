use dcache::dcache;

#[dcache]
fn f<T: Clone + Send + Sync + 'static>(value: &T) -> T {
    value.clone()
}

fn main() {}
