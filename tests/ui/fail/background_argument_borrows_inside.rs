use dcache::dcache;

#[dcache(detach, skip(words))]
async fn f(words: Vec<&str>, n: u64) -> u64 {
    n + words.len() as u64
}

fn main() {}
