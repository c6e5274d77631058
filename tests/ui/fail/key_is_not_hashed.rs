use dcache::dcache;

#[dcache(key = ratio)]
fn f(ratio: f64) -> u64 {
    ratio as u64
}

fn main() {}
