use dcache::dcache;

#[dcache(key = "user:{0}")]
fn f(id: u64) -> u64 {
    id
}

fn main() {}
