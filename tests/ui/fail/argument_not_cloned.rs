use dcache::dcache;

#[dcache]
fn f(id: Id) -> u64 {
    id.0
}

#[derive(PartialEq, Eq, Hash)]
struct Id(u64);

fn main() {}
