use dcache::dcache;

#[dcache]
pub fn f(id: shop::Id) -> u64 {
    let _ = id;
    1
}

mod shop {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Id(u64);
}

fn main() {}
