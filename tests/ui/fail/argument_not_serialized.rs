use dcache::dcache;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(u64);

#[dcache(backend = [memory, fs])]
fn f(id: &Id) -> u64 {
    id.0
}

fn main() {}
