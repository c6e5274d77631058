use dcache::dcache;

struct Table<T> {
    first: T,
}

impl<T: ToString> Table<T> {
    #[dcache(skip(self))]
    fn shown(&self, n: usize) -> Vec<T> {
        let _ = n;
        Vec::new()
    }
}

fn main() {}
