use dcache::dcache;

struct Table<T> {
    first: T,
}

impl<T: ToString> Table<T> {
    #[dcache]
    fn shown(&self, n: usize) -> String {
        self.first.to_string().repeat(n)
    }
}

fn main() {}
