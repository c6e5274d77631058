use dcache::dcache;

#[dcache]
fn f(db: &Pool, id: u64) -> u64 {
    id + db.size
}

struct Pool {
    size: u64,
}

fn main() {}
