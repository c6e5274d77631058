use dcache::dcache;

#[dcache(key = "user:{idd}")]
fn f(id: u64) -> u64 {
    id
}

fn main() {}
