use dcache::dcache;

#[dcache]
fn f<T: Default + Send + Sync + 'static>(n: u64) -> T {
    let _ = n;
    T::default()
}

fn main() {}
