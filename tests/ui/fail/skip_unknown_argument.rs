use dcache::dcache;

#[dcache(skip(databse))]
fn f(database: &str, n: u64) -> usize {
    database.len() + n as usize
}

fn main() {}
