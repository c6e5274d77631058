use dcache::dcache;

#[dcache]
fn f(id: Id) -> u64 {
    id.0.get()
}

#[derive(Clone, PartialEq, Eq)]
struct Id(std::cell::Cell<u64>);

impl std::hash::Hash for Id {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.get().hash(state);
    }
}

fn main() {}
