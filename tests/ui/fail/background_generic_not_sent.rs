use dcache::dcache;

#[dcache(detach, skip(seen))]
async fn f<T: Clone + 'static>(seen: T, n: u64) -> u64 {
    let _ = seen;
    n
}

fn main() {}
