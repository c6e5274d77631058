use dcache::dcache;

#[dcache(key = "user:{tenant}")]
fn f(id: u64, region: &str) -> u64 {
    id + region.len() as u64
}

fn main() {}
