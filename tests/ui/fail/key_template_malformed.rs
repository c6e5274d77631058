use dcache::dcache;

#[dcache(key = "user:{id")]
fn f(id: u64) -> u64 {
    id
}

#[dcache(key = "user:{}")]
fn g(id: u64) -> u64 {
    id
}

#[dcache(key = "user:{id:?}")]
fn h(id: u64) -> u64 {
    id
}

fn main() {}
