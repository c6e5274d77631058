use dcache::dcache;

#[dcache(skip(db))]
fn f(db: &str, n: u64) -> u64 {
    n + db.len() as u64
}

fn uses() {
    f::invalidate("db", 1).unwrap();
}

fn main() {}
