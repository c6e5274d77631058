use dcache::dcache;

#[dcache(skip(db))]
fn f() -> u64 {
    1
}

fn main() {}
