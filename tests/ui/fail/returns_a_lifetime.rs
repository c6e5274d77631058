use dcache::dcache;

#[dcache(skip(text))]
fn f<'a>(text: &'a str, n: u64) -> Vec<&'a str> {
    let _ = n;
    vec![text]
}

fn main() {}
