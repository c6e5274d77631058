use dcache::dcache;

#[dcache]
fn f(ratio: f64) -> u64 {
    ratio as u64
}

#[dcache]
fn g(name: &str, ratio: Option<f32>) -> usize {
    name.len() + ratio.is_some() as usize
}

fn main() {}
