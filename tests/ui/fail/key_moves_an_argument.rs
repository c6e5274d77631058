use dcache::dcache;

#[dcache(key = text)]
fn f(text: String, n: u64) -> u64 {
    n + text.len() as u64
}

fn uses() -> u64 {
    let text = String::new();
    f(text, 1) + f(text, 2)
}

fn main() {}
