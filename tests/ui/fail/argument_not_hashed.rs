use dcache::dcache;

#[derive(Clone, PartialEq, Eq)]
struct Id(u64);

#[dcache]
fn f(id: &Id) -> u64 {
    id.0
}

fn main() {}
