use dcache::dcache;

#[dcache(key = "{self.id}")]
fn f(id: u64) -> u64 {
    id
}

fn main() {}
