use dcache::dcache;

trait Db {
    fn get(&self) -> u64;
}

#[dcache(ttl = "1h", stale_while_revalidate = "10m", skip(db))]
fn f(db: &dyn Db, n: u64) -> u64 {
    db.get() + n
}

fn main() {}
