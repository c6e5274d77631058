use dcache::dcache;

#[dcache(cache_if = |text: &String| text.is_empty())]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
