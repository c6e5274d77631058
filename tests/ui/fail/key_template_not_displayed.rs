use dcache::dcache;

#[dcache(key = "user:{id}")]
fn f(id: Option<u64>) -> u64 {
    id.unwrap_or(0)
}

fn main() {}
