use dcache::dcache;

#[dcache]
fn f(n: u64) -> Option<Vec<impl Clone>> {
    Some(vec![n])
}

fn main() {}
