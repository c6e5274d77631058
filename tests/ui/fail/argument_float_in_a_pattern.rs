use dcache::dcache;

#[dcache]
fn f((x, y): (f64, f64)) -> u64 {
    (x + y) as u64
}

fn main() {}
