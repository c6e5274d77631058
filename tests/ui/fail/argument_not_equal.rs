use dcache::dcache;

#[dcache]
fn f(id: &Id) -> u64 {
    id.0
}

#[derive(Clone, Hash)]
struct Id(u64);

fn main() {}
