use dcache::dcache;

#[dcache(key = "user:{id}", skip(db))]
fn f(db: &str, id: u64) -> u64 {
    id + db.len() as u64
}

fn main() {}
